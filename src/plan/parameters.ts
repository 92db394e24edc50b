import type { MessagesRequest } from '../api/types.ts'

/**
 * The fields that reach the wire in another way: `model` through the settings, the conversation
 * through the runtime's own inputs, `tools` and `thinking` through plans of their own. `stream`
 * concerns only the client (upstream is always streamed), and `metadata.user_id` stays the
 * runtime's.
 */
const CARRIED_ELSEWHERE = new Set([
  'model',
  'messages',
  'system',
  'tools',
  'thinking',
  'stream',
  'metadata',
])

/** Every other top-level field of a request, unchanged, known or not. */
export function extraBodyOf(request: MessagesRequest): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(request).filter(([name]) => !CARRIED_ELSEWHERE.has(name)),
  )
}
