import type { SDKControlGetContextUsageResponse } from '@anthropic-ai/claude-agent-sdk'

import type { ApiError } from '../../errors.ts'
import { toApiError } from './failures.ts'

/** The tokens in a process. The API counted each part in a request of its own. */
export type ContextCount = {
  /** The messages; if there are none, those of the single message `foo`. */
  messages: number
  /** The system prompt, counted as if it were a user message. */
  system: number
  /** The tools together with the message `foo`, minus `TOOLS_DISCOUNT`, and at least 0. */
  tools: number
}

/** The runtime (2.1.330) subtracts this from its count of tools, for a prompt that the API adds. */
export const TOOLS_DISCOUNT = 500

/** Reads the counts from the runtime's report. An absent part has no tokens. */
export function contextCount({ categories }: SDKControlGetContextUsageResponse): ContextCount {
  const tokensOf = (name: string): number => categories.find(({ id }) => id === name)?.tokens ?? 0
  return {
    messages: tokensOf('messages'),
    system: tokensOf('system_prompt'),
    tools: tokensOf('mcp_tools'),
  }
}

/** The error of a count that failed, in a line of the runtime's diagnostics. */
export function countFailureIn(line: string): ApiError | undefined {
  const [, reason] = /\[ERROR\] countTokens API call failed: (.*)$/.exec(line) ?? []
  if (reason === undefined) return undefined
  const [, status, body = ''] = /^(\d{3}) (.*)$/.exec(reason) ?? []
  if (status === undefined) {
    const isLogin = reason.startsWith('Could not resolve authentication method')
    return toApiError(
      { text: reason, ...(isLogin && { kind: 'authentication_failed' }) },
      undefined,
    )
  }
  return toApiError({ status: Number(status), text: body }, { status: Number(status), body })
}
