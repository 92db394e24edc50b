import type { MessagesRequest } from '../api/types.ts'
import { invalid } from './invalid.ts'

/**
 * What a reasoning effort is for the API: how hard the model shall try, and thoughts that can be
 * read.
 *
 * A forced tool call leaves no room for a thought: the API refuses the two together, so that only
 * the effort is said.
 *
 * @throws ApiError for an effort that is not known
 */
export function reasoningFields(
  effort: string | null | undefined,
  param: string,
  toolChoice: MessagesRequest['tool_choice'],
): Pick<MessagesRequest, 'thinking' | 'output_config'> {
  switch (effort) {
    case undefined:
    case null:
    case 'none':
      return {}
    case 'minimal':
      return { output_config: { effort: 'low' } }
    case 'low':
    case 'medium':
    case 'high':
    case 'xhigh':
    case 'max': {
      const isForced = toolChoice?.type === 'any' || toolChoice?.type === 'tool'
      return {
        output_config: { effort },
        ...(!isForced && { thinking: { type: 'adaptive', display: 'summarized' } }),
      }
    }
    default:
      throw invalid(
        `${param}: Input should be 'none', 'minimal', 'low', 'medium', 'high', 'xhigh' or 'max'`,
        param,
      )
  }
}
