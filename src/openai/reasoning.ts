import type { MessagesRequest } from '../api/types.ts'
import { invalid } from './invalid.ts'

/**
 * Translates a reasoning effort for the API: the effort, and readable thoughts.
 *
 * The API refuses thinking together with a forced tool call, so such a request gets only the
 * effort.
 *
 * @throws ApiError for an unknown effort
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
