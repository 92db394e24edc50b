import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'

import { ApiError, type ErrorType, errorTypeOf } from '../../errors.ts'
import { startFailureReason } from '../process/start-failure.ts'

/** The process ended by itself. */
export class RuntimeEnded extends ApiError {
  constructor(cause?: unknown, type: ErrorType = 'api_error', message = ENDED_MESSAGE) {
    super(type, message, { cause })
  }
}

const ENDED_MESSAGE = 'The Claude Code runtime ended unexpectedly.'

/** The system did not start the process. */
export class RuntimeNotStarted extends RuntimeEnded {
  /** @param cause the system's error */
  constructor(cause: unknown) {
    super(cause, 'api_error', `${NOT_STARTED}: ${startFailureReason(cause)}.`)
  }
}

const NOT_STARTED = 'The Claude Code runtime could not be started'

/** The process runs but does not respond, so it is ended. */
export class RuntimeHung extends RuntimeEnded {
  constructor() {
    super(undefined, 'timeout_error', HUNG_MESSAGE)
  }
}

const HUNG_MESSAGE = 'The Claude Code runtime did not answer in time (start_timeout).'

/** The runtime's report of a failed request. */
export type Failure = {
  /** HTTP status of the API's answer; absent if there was no answer. */
  status?: number | undefined
  type?: string | undefined
  requestId?: string | undefined
  /** The runtime's own word for the kind of failure. */
  kind?: string | undefined
  /** The runtime's own text for its user, which contains the API's message. */
  text: string
}

/** The failure that a message of the runtime reports, if it reports one. */
export function failureIn(message: Extract<SDKMessage, { type: 'assistant' }>): Failure {
  const fields = message as unknown as Record<string, unknown>
  const block = message.message.content[0]
  return {
    ...(typeof fields['api_error_status'] === 'number' && { status: fields['api_error_status'] }),
    ...(typeof fields['api_error_type'] === 'string' && { type: fields['api_error_type'] }),
    requestId: message.request_id,
    kind: message.error,
    text: block?.type === 'text' ? block.text : '',
  }
}

/** The API's own answer, from the runtime's diagnostics. */
export type Diagnosed = { status: number; body: string }

/**
 * The API's answer in a line that the runtime writes to its diagnostics when a request fails:
 * `… [ERROR] API error (attempt 1/1): 429 429 {"type":"error",…}`.
 */
export function diagnosedIn(line: string): Diagnosed | undefined {
  const found = /\[ERROR\] API error \(attempt \d+\/\d+\): (\d{3}) (?:\d{3} )?(.*)$/.exec(line)
  const [, status, body] = found ?? []
  return status === undefined || body === undefined ? undefined : { status: Number(status), body }
}

/**
 * Whether the runtime is about to ask again, and can still be ended before it does. It asks again
 * without streaming after a 404, and twice more after the 403 of a revoked token (measured with
 * 2.1.332). If the gate is closed by then, the new request fails inside the process.
 */
export function isAskedAgain({ status, body }: Diagnosed): boolean {
  return status === 404 || (status === 403 && body.includes('OAuth token has been revoked'))
}

/** Whether the closed gate kept the runtime from sending a request: see `ProcessSettings`. */
export function isBarred({ status, text }: Failure): boolean {
  return status === undefined && text.includes("Header 'anthropic-beta' has invalid value")
}

/**
 * Whether the connection was closed while the runtime used it. This does not show whether the API
 * had begun to answer.
 */
export function isDropped({ status, text }: Failure): boolean {
  return status === undefined && CLOSED_CONNECTION.test(text)
}

/** The runtime's codes for it, in parentheses at the end of its words. */
const CLOSED_CONNECTION = /\((?:ECONNRESET|ECONNABORTED|EPIPE|ConnectionClosed|ERR_SOCKET_CLOSED)\)/

/** Whether the API holds thoughts to be bound to another conversation. */
export function isBoundElsewhere({ status, body }: Diagnosed): boolean {
  return status === 400 && body.includes('bound to a different conversation')
}

/**
 * The runtime stops reading a reply at the first piece of input of an MCP connector's call, and yields neither
 * that piece nor what comes after it (measured with 2.1.332).
 *
 * @param lastBlock the type of the block in which the reply ended
 */
export function isUnreadableCall(
  { status, text }: Failure,
  lastBlock: string | undefined,
): boolean {
  return status === undefined && lastBlock === 'mcp_tool_use' && text.includes('unreadable')
}

/** The error for the client in that case: what it can do about it. */
export function unreadableCall(): ApiError {
  return new ApiError('api_error', UNREADABLE_CALL, { status: CONNECTION_FAILED })
}

const UNREADABLE_CALL =
  'Claude Code can not read the call of an MCP connector: its reply has an unreadable event. The API may have ' +
  "run the tool. Let your program connect to the MCP server and send the server's tools as `tools`, or ask " +
  'the API directly for requests with `mcp_servers`.'

/** The error for the client: the API's own if it is known, without the runtime's words. */
export function toApiError(
  failure: Failure,
  diagnosed: Diagnosed | undefined,
  retryAfter?: number,
): ApiError {
  if (failure.status === undefined && failure.kind === 'authentication_failed') {
    return new ApiError('authentication_error', NOT_LOGGED_IN)
  }
  const own = diagnosed?.status === failure.status ? errorIn(diagnosed?.body) : undefined
  const type = failure.type ?? own?.type ?? errorTypeOf(failure.status ?? CONNECTION_FAILED)
  const status = failure.status ?? (failure.type === undefined ? CONNECTION_FAILED : undefined)
  const requestId = failure.requestId ?? own?.requestId
  const isWhole = own !== undefined && !own.message.includes('[REDACTED]')
  const message = isWhole ? own.message : unwrapped(failure.text)
  return new ApiError(type, message, {
    ...(status !== undefined && { status }),
    ...(requestId !== undefined && { requestId }),
    details: own?.details,
    ...(retryAfter !== undefined && { retryAfter }),
  })
}

/** The status if the API could not be reached, or the connection broke. */
const CONNECTION_FAILED = 502

export const NOT_LOGGED_IN =
  'Claude Code is not logged in. Run `npx --no-install claude-sub-proxy login` on the machine of this server, or set ' +
  'CLAUDE_CODE_OAUTH_TOKEN (from `claude setup-token`) or ANTHROPIC_API_KEY for the server.'

type OwnError = { type: string; message: string; details?: object; requestId?: string }

function errorIn(body: string | undefined): OwnError | undefined {
  if (body === undefined) return undefined
  try {
    const { error, request_id: requestId } = JSON.parse(body) as Record<string, unknown>
    const { type, message, details } = error as Record<string, unknown>
    if (typeof type !== 'string' || typeof message !== 'string') return undefined
    return {
      type,
      message,
      ...(typeof details === 'object' && details !== null && { details }),
      ...(typeof requestId === 'string' && { requestId }),
    }
  } catch {
    return undefined
  }
}

/** The runtime's phrases around the API's message; seen with runtime 2.1.330. */
const ADDED_IN_FRONT =
  /^(?:Failed to authenticate\. )?API Error: (?:\d{3} |Request rejected \(\d{3}\) · )?/
const ADDED_AT_THE_END = /\. This is a server-side issue, usually temporary — .*$/s

/**
 * The message from the runtime's user interface. It is used if the diagnostics have no message, or
 * have masked a long number in it.
 */
function unwrapped(text: string): string {
  return text.replace(ADDED_IN_FRONT, '').replace(ADDED_AT_THE_END, '')
}
