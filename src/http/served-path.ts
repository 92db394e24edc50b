import { getPath } from 'hono/utils/url'

/** What follows `/v1/` in the paths of either API. */
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
 * The path of the route that a request means. A `/v1` too many or too few in a client's base URL is the
 * commonest mistake: `/v1/v1/messages`, `/messages` and `/anthropic/v1/messages` are `/v1/messages`. So
 * are paths with a slash too many, at the end or within.
 */
export function servedPath(request: Request): string {
  const path = getPath(request).replace(/\/{2,}/g, '/')
  const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  const segments = bare.slice(1).split('/')
  const first = segments.findIndex((segment) => !PREFIXES.has(segment))
  return ENDPOINTS.has(segments[first] ?? '') ? `/v1/${segments.slice(first).join('/')}` : bare
}
