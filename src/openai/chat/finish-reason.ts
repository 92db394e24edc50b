import type { ReplyMessage } from '../../api/types.ts'

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter'

/** The reason why a reply ended, in the words of chat completions. */
export function finishReason(reason: ReplyMessage['stop_reason']): FinishReason {
  switch (reason) {
    case 'end_turn':
    case 'stop_sequence':
    case null:
      return 'stop'
    case 'tool_use':
      return 'tool_calls'
    case 'refusal':
      return 'content_filter'
    // After all of these the answer is incomplete.
    case 'max_tokens':
    case 'model_context_window_exceeded':
    case 'pause_turn':
    case 'compaction':
      return 'length'
    default:
      reason satisfies never
      return 'stop'
  }
}
