import type { SDKControlGetContextUsageResponse } from '@anthropic-ai/claude-agent-sdk'

import type { ApiError } from '../../errors.ts'
import { toApiError } from './failures.ts'

/** Tokens of what a process holds, each part as the API counted it in a question of its own. */
export type ContextCount = {
  /** The messages as they stand; of none, those of the one message `foo`. */
  messages: number
  /** The system prompt, asked as if it were a user's message. */
  system: number
  /** The tools beside the message `foo`, less `TOOLS_DISCOUNT`, and never less than 0. */
  tools: number
}

/** What the runtime takes off its count of tools (2.1.330), for a prompt that the API adds to them. */
export const TOOLS_DISCOUNT = 500

/** Takes the counts out of the runtime's report. A part that is not in it has no tokens. */
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
  const [, told] = /\[ERROR\] countTokens API call failed: (.*)$/.exec(line) ?? []
  if (told === undefined) return undefined
  const [, status, body = ''] = /^(\d{3}) (.*)$/.exec(told) ?? []
  if (status === undefined) {
    const isLogin = told.startsWith('Could not resolve authentication method')
    return toApiError({ text: told, ...(isLogin && { kind: 'authentication_failed' }) }, undefined)
  }
  return toApiError({ status: Number(status), text: body }, { status: Number(status), body })
}
