import type { MessagesRequest, SentMessage } from '../api/types.ts'
import type { TurnSettings } from './turn.ts'

export type ThinkingPlan = {
  /** The `thinking` on the wire; if absent, the runtime's own rule for the model applies. */
  parameter?: unknown
  runtime: TurnSettings['runtimeThinking']
}

/**
 * Decides how a turn requests its thinking.
 *
 * With its thinking off, the runtime adds `temperature: 1`. The API refuses that together with
 * `top_p`. So a request with only `top_p`, or with its own `thinking`, turns the runtime's thinking
 * on, and the body carries the client's values.
 */
export function planThinking(
  request: MessagesRequest,
  messages: readonly Pick<SentMessage, 'role' | 'content'>[],
  model: { defaultBudget: number | undefined; alwaysThinks: boolean },
): ThinkingPlan {
  const parameter = request.thinking ?? defaultThinking(request, messages, model)
  const hasOnlyTopP = request.top_p !== undefined && request.temperature === undefined
  if (parameter !== undefined) {
    const isOff = parameter.type === 'disabled' && !hasOnlyTopP
    return { parameter, runtime: isOff ? 'off' : 'on' }
  }
  if (!hasOnlyTopP) return { runtime: 'off' }
  return model.alwaysThinks ? { runtime: 'on' } : { parameter: { type: 'disabled' }, runtime: 'on' }
}

/** The configured budget, for requests that the API accepts with thinking. */
function defaultThinking(
  request: MessagesRequest,
  messages: readonly Pick<SentMessage, 'role' | 'content'>[],
  model: { defaultBudget: number | undefined; alwaysThinks: boolean },
): { type: string; budget_tokens: number } | undefined {
  const budget = model.defaultBudget
  if (budget === undefined || model.alwaysThinks) return undefined
  const fits =
    (request.max_tokens === undefined || request.max_tokens > budget) &&
    (request.temperature === undefined || request.temperature === 1) &&
    request.top_k === undefined &&
    (request.top_p === undefined || request.top_p >= 0.95) &&
    (request.tool_choice === undefined || ['auto', 'none'].includes(request.tool_choice.type)) &&
    !startsInsideAToolLoop(messages)
  return fits ? { type: 'enabled', budget_tokens: budget } : undefined
}

/** With thinking on, the API requires an assistant turn with tool calls to begin with a thought. */
function startsInsideAToolLoop(
  messages: readonly Pick<SentMessage, 'role' | 'content'>[],
): boolean {
  const assistant = messages.findLast((message) => message.role === 'assistant')
  if (assistant?.content === undefined || typeof assistant.content === 'string') return false
  const [first] = assistant.content
  return (
    assistant.content.some((block) => block.type === 'tool_use') &&
    first?.type !== 'thinking' &&
    first?.type !== 'redacted_thinking'
  )
}
