import { getPath } from 'hono/utils/url'

/** The first path segment after `/v1/`, in either API. */
const ENDPOINTS = new Set([
  'messages',
  'chat',
  'responses',
  'models',
  'usage',
  'conversations',
  'files',
  'completions',
  'embeddings',
  'audio',
  'images',
  'moderations',
])

/** Prefixes that base URLs have: an extra `/v1`, or the folder of a gateway. */
const PREFIXES = new Set(['v1', 'anthropic', 'openai'])

/**
 * The path of the route that a request means. An extra or missing `/v1` in a client's base URL is
 * the most common mistake: `/v1/v1/messages`, `/messages` and `/anthropic/v1/messages` become
 * `/v1/messages`. Extra slashes, at the end or inside, are removed.
 */
export function servedPath(request: Request): string {
  const path = getPath(request).replace(/\/{2,}/g, '/')
  const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  const segments = bare.slice(1).split('/')
  const first = segments.findIndex((segment) => !PREFIXES.has(segment))
  return ENDPOINTS.has(segments[first] ?? '') ? `/v1/${segments.slice(first).join('/')}` : bare
}
