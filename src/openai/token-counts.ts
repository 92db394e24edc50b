import type { ReplyMessage } from '../api/types.ts'

export type TokenCounts = {
  /** The whole input, including tokens read from a cache or written to one. */
  input: number
  output: number
  total: number
  cacheRead: number
  cacheWritten: number
  /** The part of the output that was thinking. */
  reasoning: number
}

/** A reply's usage as OpenAI counts it: cached tokens are part of the input. */
export function tokenCounts({ usage }: ReplyMessage): TokenCounts {
  const cacheRead = usage.cache_read_input_tokens ?? 0
  const cacheWritten = usage.cache_creation_input_tokens ?? 0
  const input = usage.input_tokens + cacheRead + cacheWritten
  const output = usage.output_tokens
  const reasoning = usage.output_tokens_details?.thinking_tokens ?? 0
  return { input, output, total: input + output, cacheRead, cacheWritten, reasoning }
}
