import type { ReplyMessage } from '../api/types.ts'

export type TokenCounts = {
  /** All of the input, what was read from a cache or written to one included. */
  input: number
  output: number
  total: number
  cacheRead: number
  cacheWritten: number
  /** The part of the output that was thought. */
  reasoning: number
}

/** A reply's usage as OpenAI counts: theirs has what was cached inside of the input. */
export function tokenCounts({ usage }: ReplyMessage): TokenCounts {
  const cacheRead = usage.cache_read_input_tokens ?? 0
  const cacheWritten = usage.cache_creation_input_tokens ?? 0
  const input = usage.input_tokens + cacheRead + cacheWritten
  const output = usage.output_tokens
  const reasoning = usage.output_tokens_details?.thinking_tokens ?? 0
  return { input, output, total: input + output, cacheRead, cacheWritten, reasoning }
}
