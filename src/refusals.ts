import { ApiError } from './errors.ts'

/** Seconds after which a refused client may try again. */
const RETRY_AFTER_SECONDS = 5

/** The status that servers log if the client did not wait for the answer. */
export const CLIENT_LEFT_STATUS = 499

/** The client closed its connection or aborted its request. Nobody reads this error. */
export class ClientLeft extends ApiError {
  /** @param cause the reason of the client's signal, or the error of its connection */
  constructor(cause?: unknown) {
    super('api_error', 'The client left.', { status: CLIENT_LEFT_STATUS, cause })
  }
}

/** Call it before each expensive step. @throws ClientLeft if the client has left */
export function throwIfLeft(signal: AbortSignal): void {
  if (signal.aborted) throw new ClientLeft(signal.reason)
}

/** The 529 while the proxy is being closed. */
export function stopping(): ApiError {
  return new ApiError('overloaded_error', 'The proxy is stopping.', {
    retryAfter: RETRY_AFTER_SECONDS,
  })
}

/**
 * The 529 for a limit of this proxy.
 *
 * @param reason such as `all processes are in use (queue_timeout)`
 * @param setting the option that sets the limit
 */
export function overloaded(reason: string, setting: string): ApiError {
  return new ApiError(
    'overloaded_error',
    `The proxy is overloaded: ${reason}. Try again, or raise ${setting}.`,
    { retryAfter: RETRY_AFTER_SECONDS },
  )
}
