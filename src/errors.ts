/**
 * The error types of the Messages API, each with its HTTP status. Source:
 * https://platform.claude.com/docs/en/api/errors
 */
const STATUS_OF = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
} as const

export type ErrorType = keyof typeof STATUS_OF

/** The body of every error that a client gets, on HTTP and in a stream's `error` event. */
export type ErrorBody = {
  type: 'error'
  error: { type: string; message: string; details?: object }
  request_id: string | null
}

export type ApiErrorOptions = {
  /** HTTP status, if it is not the usual one of `type`. */
  status?: number
  /** The id that the API gave to the request that failed. */
  requestId?: string
  /** Details of the error for programs. */
  details?: object | undefined
  /** Seconds after which the client may try again. */
  retryAfter?: number
  cause?: unknown
}

/** An error that is meant for the client: its message is shown unchanged. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** An `ErrorType`, or a newer type of the API. */
  readonly type: string
  readonly status: number
  readonly requestId: string | undefined
  readonly retryAfter: number | undefined
  readonly details: object | undefined

  constructor(type: ErrorType | (string & {}), message: string, options: ApiErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.type = type
    this.status = options.status ?? STATUS_OF[type as ErrorType] ?? 500
    this.requestId = options.requestId
    this.retryAfter = options.retryAfter
    this.details = options.details
  }

  body(requestId: string | null = this.requestId ?? null): ErrorBody {
    return {
      type: 'error',
      error: {
        type: this.type,
        message: this.message,
        ...(this.details && { details: this.details }),
      },
      request_id: this.requestId ?? requestId,
    }
  }
}

/** The API's error type for an HTTP status, for answers without a type. */
export function errorTypeOf(status: number): ErrorType {
  for (const [type, known] of Object.entries(STATUS_OF)) {
    if (known === status) return type as ErrorType
  }
  return status >= 400 && status < 500 ? 'invalid_request_error' : 'api_error'
}
