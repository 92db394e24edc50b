import type { ReplyMessage } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import type { Reply } from '../stream/reply.ts'

/**
 * Reads a reply to its end.
 *
 * @param firstEventTimeout milliseconds that its first event may take
 * @param signal stops it when it aborts
 * @throws ApiError if the reply failed, did not begin in time, or was stopped
 */
export async function wholeReply(
  reply: Reply,
  firstEventTimeout: number,
  signal: AbortSignal,
): Promise<ReplyMessage> {
  const stop = (): void =>
    reply.giveUp(new ApiError('api_error', 'The proxy stopped.', { status: 499 }))
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  const timer = setTimeout(() => reply.giveUp(notInTime()), firstEventTimeout)
  try {
    await reply.begun().finally(() => clearTimeout(timer))
    return await reply.whole()
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function notInTime(): ApiError {
  return new ApiError('timeout_error', 'The reply did not begin in time (first_event_timeout).')
}
