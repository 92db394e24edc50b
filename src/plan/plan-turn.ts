import { combineMessages } from '../api/combine.ts'
import { systemMessagesAsText, takesSystemMessages } from '../api/system-messages.ts'
import type { Message, MessagesRequest } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { jsonText } from '../json-pieces.ts'
import type { Steps } from '../steps.ts'
import { needsOwnCaching, withoutBreakpoints, withoutImpliedBreakpoint } from './caching.ts'
import { lineageAfter, lineagesOf, startLineage } from './lineage.ts'
import { extraBodyOf } from './parameters.ts'
import {
  hasRepairableContent,
  hasRepairableParameters,
  hasThoughts,
  type TakenParameters,
} from './repairs.ts'
import { answersIn } from './resolution.ts'
import { systemText } from './system.ts'
import { planThinking } from './thinking.ts'
import { planTools } from './tools.ts'
import type { Turn } from './turn.ts'

export type ModelFacts = TakenParameters & {
  /** The full name; an alias such as `sonnet` is resolved. */
  id: string
  /** Whether its thinking can't be switched off. */
  alwaysThinks: boolean
}

export type PlanContext = {
  /** Defaults for requests that do not say otherwise. */
  defaults: {
    model: string
    system?: string | undefined
    maxThinkingTokens?: number | undefined
  }
  /** The values of the request's `anthropic-beta` headers. */
  betas: readonly string[]
  /** Headers of the client for the API, one per line. */
  headers?: string | undefined
  /** The properties of a model, from the runtime's list. */
  describeModel: (name: string) => ModelFacts
  /** Whether Claude Code shall work with its own tools. */
  isRun?: boolean
}

/**
 * Makes a turn of a request that has the right shape.
 *
 * @throws ApiError (400) if the runtime can't send it: a conversation without a user message, or a
 * `thread`, which the API would keep between requests
 */
export function* planTurn(request: MessagesRequest, context: PlanContext): Steps<Turn> {
  if (request['thread'] !== undefined) throw threadsUnsupported()
  checkSystemMessages(request, context)
  const messages = combineMessages(systemMessagesAsText(request.messages))
  yield
  if (messages.every(({ role }) => role !== 'user')) {
    throw new ApiError('invalid_request_error', 'messages: at least one must be from the user')
  }
  const last = messages.at(-1)
  const prompt = last?.role === 'user' ? last.content : []
  const facts = context.describeModel(request.model ?? context.defaults.model)
  const { id: model, alwaysThinks } = facts
  const system = systemText(request.system ?? context.defaults.system)
  const { tools, bodyTools } = planTools(request.tools ?? [])
  const thinking = planThinking(request, messages, {
    defaultBudget: context.defaults.maxThinkingTokens,
    alwaysThinks,
  })
  yield
  const settings = {
    extraBody: yield* jsonText({
      ...extraBodyOf(request),
      ...(thinking.parameter !== undefined && { thinking: thinking.parameter }),
      // Without tools the list is empty, not absent: the process may have the tools of another
      // conversation.
      ...(bodyTools ? { tools: bodyTools } : !context.isRun && { tools: [] }),
    }),
    betas: [...new Set(context.betas)].join(','),
    headers: context.headers ?? '',
    runtimeCaching: !(yield* needsOwnCaching(request, messages)),
    runtimeThinking: thinking.runtime,
    cacheLifetime: '' as const,
  }
  const history = last?.role === 'user' ? messages.slice(0, -1) : messages
  const { betas, runtimeCaching } = settings
  // Clients move their breakpoints with each turn. Next to the runtime's own they make no
  // difference.
  const compared = (content: Message['content']): Message['content'] =>
    runtimeCaching ? withoutBreakpoints(content) : content
  yield
  const origin = yield* startLineage({
    model,
    system,
    tools: (request.tools ?? []).map(({ cache_control: mark, ...tool }) =>
      runtimeCaching || mark === undefined ? tool : { ...tool, cache_control: mark },
    ),
    betas,
    runtimeCaching,
  })
  const lineages = yield* lineagesOf(
    origin,
    history.map(({ role, content }) => ({ role, content: compared(content) })),
  )
  const lineage = lineages.at(-1) ?? origin
  const comparedPrompt = compared(prompt)
  yield
  return {
    model,
    system,
    tools,
    settings,
    history,
    prompt: runtimeCaching ? withoutImpliedBreakpoint(prompt) : prompt,
    lineages,
    lineage,
    promptLineage: yield* lineageAfter(lineage, { role: 'user', content: comparedPrompt }),
    answers: answersIn(comparedPrompt),
    maxTokens: request.max_tokens,
    isForced: ['any', 'tool'].includes(request.tool_choice?.type ?? 'auto'),
    mayBeRepaired: hasRepairableContent(messages) || hasRepairableParameters(request, facts),
    mayLoseThoughts: hasThoughts(history) && !decidesAboutBinding(request),
  }
}

/** Whether the client decides itself about thoughts that are bound to another conversation. */
function decidesAboutBinding({ thinking }: MessagesRequest): boolean {
  return (thinking as { block_binding?: unknown } | undefined)?.block_binding !== undefined
}

/**
 * Some models refuse the role `system` inside a conversation. The runtime would send it as user
 * text, so the proxy answers with the API's error itself.
 */
function checkSystemMessages(request: MessagesRequest, context: PlanContext): void {
  if (request.messages.every(({ role }) => role !== 'system')) return
  const { id } = context.describeModel(request.model ?? context.defaults.model)
  if (takesSystemMessages(id) !== false) return
  throw new ApiError(
    'invalid_request_error',
    "messages: role 'system' is not supported on this model",
  )
}

/**
 * A thread at the API would hold the runtime's conversation, not the client's. The error is the
 * API's own; after it the official clients send the whole conversation.
 * Source: https://platform.claude.com/docs/en/build-with-claude/message-threads
 */
export function threadsUnsupported(): ApiError {
  return new ApiError(
    'invalid_request_error',
    'thread: message threads are not supported here: send the whole conversation.',
    { details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] } },
  )
}
