import type { MessagesRequest } from '../api/types.ts'
import { ApiError } from '../errors.ts'

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

/**
 * Fields of the extra body that the runtime takes for itself (measured with 2.1.332), and what the client
 * is told.
 *
 * - `betas` replaces the runtime's whole list of betas.
 * - With `program_use_case_id` the runtime ignores the whole body, and sends that of the turn before: the
 *   conversation of another client.
 */
const TAKEN_BY_RUNTIME: ReadonlyMap<string, string> = new Map([
  ['betas', 'Extra inputs are not permitted. Send betas in the anthropic-beta header.'],
  ['program_use_case_id', 'Claude Code does not send this field for a client.'],
])

/** The runtime leaves out a `speed` that it does not know (read in 2.1.332). */
const SPEEDS = ['standard', 'fast', '']

/**
 * Every other top-level field of a request, unchanged, known or not.
 *
 * @throws ApiError (400) for a field that the runtime would take for itself or leave out
 */
export function extraBodyOf(request: MessagesRequest): Record<string, unknown> {
  for (const [name, reason] of TAKEN_BY_RUNTIME) {
    if (Object.hasOwn(request, name)) {
      throw new ApiError('invalid_request_error', `${name}: ${reason}`)
    }
  }
  const { speed } = request as { speed?: unknown }
  if (typeof speed === 'string' && !SPEEDS.includes(speed)) {
    throw new ApiError('invalid_request_error', "speed: Input should be 'standard' or 'fast'")
  }
  return Object.fromEntries(
    Object.entries(request).filter(([name]) => !CARRIED_ELSEWHERE.has(name)),
  )
}
