import type { MessagesRequest } from '../api/types.ts'

/**
 * The fields that have another way to the wire: `model` through the settings, the conversation
 * through the runtime's own inputs, `tools` and `thinking` through plans of their own. `stream` is
 * the client's matter (upstream is always streamed), and `metadata.user_id` stays the runtime's.
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

/** Every other top-level field of a request, as it came: known today or not. */
export function extraBodyOf(request: MessagesRequest): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(request).filter(([name]) => !CARRIED_ELSEWHERE.has(name)),
  )
}
