import { combineMessages } from '../api/combine.ts'
import type { MessagesRequest } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { needsOwnCaching } from './caching.ts'
import { extendLineage, startLineage } from './lineage.ts'
import { extraBodyOf } from './parameters.ts'
import { systemText } from './system.ts'
import { planThinking } from './thinking.ts'
import { planTools } from './tools.ts'
import type { Turn } from './turn.ts'

export type PlanContext = {
  /** What holds where the request says nothing. */
  defaults: {
    model: string
    system?: string | undefined
    maxThinkingTokens?: number | undefined
  }
  /** The values of the request's `anthropic-beta` headers. */
  betas: readonly string[]
  /** Whether a model thinks whatever it is told, by the runtime's own list of models. */
  alwaysThinks: (model: string) => boolean
}

/**
 * Says what must be asked upstream for a request that has the right shape.
 *
 * @throws ApiError (400) where the runtime has no way to ask it: a conversation that ends with an
 * assistant message.
 */
export function planTurn(request: MessagesRequest, context: PlanContext): Turn {
  try {
    return plan(request, context)
  } catch (cause) {
    // JSON that is nested some thousand levels deep can be read, but not written.
    if (!(cause instanceof RangeError)) throw cause
    throw new ApiError('invalid_request_error', 'The request is nested too deeply.', { cause })
  }
}

function plan(request: MessagesRequest, context: PlanContext): Turn {
  const messages = combineMessages(request.messages)
  const last = messages.at(-1)
  if (last?.role !== 'user') {
    throw new ApiError(
      'invalid_request_error',
      'messages: the conversation must end with a user message: assistant message prefill is not supported.',
    )
  }
  const model = request.model ?? context.defaults.model
  const system = systemText(request.system ?? context.defaults.system)
  const { tools, bodyTools } = planTools(request.tools ?? [])
  const thinking = planThinking(request, messages, {
    defaultBudget: context.defaults.maxThinkingTokens,
    alwaysThinks: context.alwaysThinks(model),
  })
  const settings = {
    extraBody: JSON.stringify({
      ...extraBodyOf(request),
      ...(thinking.parameter !== undefined && { thinking: thinking.parameter }),
      ...(bodyTools && { tools: bodyTools }),
    }),
    betas: [...new Set(context.betas)].join(','),
    runtimeCaching: !needsOwnCaching(request, messages),
    runtimeThinking: thinking.runtime,
  }
  const history = messages.slice(0, -1)
  const { betas, runtimeCaching } = settings
  const start = startLineage({ model, system, tools: request.tools ?? [], betas, runtimeCaching })
  return {
    model,
    system,
    tools,
    settings,
    history,
    prompt: last.content,
    lineage: history.reduce(extendLineage, start),
  }
}
