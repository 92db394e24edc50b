import type { ReplyMessage, StreamEvent } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { createFold } from '../stream/fold.ts'

/** The events of a reply. `return()` stops the request upstream. */
export type Events = AsyncIterableIterator<StreamEvent, void>

/**
 * Reads a reply to its end.
 *
 * @param firstEventTimeout milliseconds that its first event may take
 * @param signal stops it when it aborts
 * @throws ApiError where the reply failed, did not begin in time, or was stopped
 */
export async function wholeReply(
  events: Events,
  firstEventTimeout: number,
  signal: AbortSignal,
): Promise<ReplyMessage> {
  const fold = createFold()
  const leave = (): void => void events.return?.()
  signal.addEventListener('abort', leave, { once: true })
  if (signal.aborted) leave()
  const timer = setTimeout(leave, firstEventTimeout)
  try {
    let hasBegun = false
    for await (const event of events) {
      hasBegun = true
      clearTimeout(timer)
      fold.push(event)
    }
    if (signal.aborted) throw new ApiError('api_error', 'The proxy stopped.', { status: 499 })
    if (!hasBegun) {
      throw new ApiError('timeout_error', 'The reply did not begin in time (first_event_timeout).')
    }
    return fold.message()
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', leave)
  }
}
