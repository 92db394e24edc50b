import { combineMessages } from '../api/combine.ts'
import type { MessagesRequest } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { needsOwnCaching, withoutImpliedBreakpoint } from './caching.ts'
import { extendLineage, startLineage } from './lineage.ts'
import { extraBodyOf } from './parameters.ts'
import { systemText } from './system.ts'
import { planThinking } from './thinking.ts'
import { planTools } from './tools.ts'
import type { Turn } from './turn.ts'

export type ModelFacts = {
  /** The name, or what it stands for where it is an alias such as `sonnet`. */
  id: string
  /** Whether it thinks whatever it is told. */
  alwaysThinks: boolean
}

export type PlanContext = {
  /** What holds where the request says nothing. */
  defaults: {
    model: string
    system?: string | undefined
    maxThinkingTokens?: number | undefined
  }
  /** The values of the request's `anthropic-beta` headers. */
  betas: readonly string[]
  /** What the runtime's own list of models says of the one that a request names. */
  describeModel: (name: string) => ModelFacts
}

/**
 * Says what must be asked upstream for a request that has the right shape.
 *
 * @throws ApiError (400) where the runtime has no way to ask it: a conversation in which no user has
 * said anything, or one that the API shall hold between requests (`thread`).
 */
export function planTurn(request: MessagesRequest, context: PlanContext): Turn {
  if (request['thread'] !== undefined) throw threadsUnsupported()
  const messages = combineMessages(request.messages)
  if (messages.every(({ role }) => role !== 'user')) {
    throw new ApiError('invalid_request_error', 'messages: at least one must be from the user')
  }
  const last = messages.at(-1)
  const prompt = last?.role === 'user' ? last.content : []
  const { id: model, alwaysThinks } = context.describeModel(request.model ?? context.defaults.model)
  const system = systemText(request.system ?? context.defaults.system)
  const { tools, bodyTools } = planTools(request.tools ?? [])
  const thinking = planThinking(request, messages, {
    defaultBudget: context.defaults.maxThinkingTokens,
    alwaysThinks,
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
  const history = last?.role === 'user' ? messages.slice(0, -1) : messages
  const { betas, runtimeCaching } = settings
  const origin = startLineage({ model, system, tools: request.tools ?? [], betas, runtimeCaching })
  return {
    model,
    system,
    tools,
    settings,
    history,
    prompt: settings.runtimeCaching ? withoutImpliedBreakpoint(prompt) : prompt,
    origin,
    lineage: history.reduce(extendLineage, origin),
  }
}

/**
 * A thread at the API would hold the runtime's conversation, not the client's. The error is the API's
 * own for what can't be threaded: the official clients then send the whole conversation.
 * Source: https://platform.claude.com/docs/en/build-with-claude/message-threads
 */
function threadsUnsupported(): ApiError {
  return new ApiError(
    'invalid_request_error',
    'thread: message threads are not supported here: send the whole conversation.',
    { details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] } },
  )
}
