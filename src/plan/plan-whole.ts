import type { ContentBlock, MessagesRequest, SentMessage } from '../api/types.ts'
import { jsonText } from '../json-pieces.ts'
import type { Steps } from '../steps.ts'
import { isCachedForAnHour } from './caching.ts'
import { extraBodyOf } from './parameters.ts'
import { hasRepairableParameters } from './repairs.ts'
import { type PlanContext, threadsUnsupported } from './plan-turn.ts'
import { systemText } from './system.ts'
import { planThinking } from './thinking.ts'
import type { Turn } from './turn.ts'

/**
 * Makes a turn of a request whose conversation is sent as a whole: as `messages` in the runtime's
 * extra body (`CLAUDE_CODE_EXTRA_BODY`, documented), which replace the runtime's own. The API gets
 * the client's messages byte for byte.
 *
 * The runtime's own prompt is only the beginning of the client's first message. It sends the body's
 * messages upstream, and its own conversation stays short, so that it has nothing to repair, to
 * shorten or to add reminders to.
 *
 * @throws ApiError (400) for a `thread`, which the API would keep between requests
 */
export function* planWhole(request: MessagesRequest, context: PlanContext): Steps<Turn> {
  if (request['thread'] !== undefined) throw threadsUnsupported()
  const facts = context.describeModel(request.model ?? context.defaults.model)
  const { id: model, alwaysThinks } = facts
  const thinking = planThinking(request, request.messages, {
    defaultBudget: context.defaults.maxThinkingTokens,
    alwaysThinks,
  })
  const betas = [...new Set(context.betas)]
  const marks = yield* breakpointsIn(request)
  const isCachedByClient = marks.length > 0 || systemBlocks(request).some(hasBreakpoint)
  yield
  return {
    model,
    system: systemText(request.system ?? context.defaults.system),
    // The runtime makes no calls: a reply with calls ends the turn.
    tools: [],
    settings: {
      extraBody: yield* jsonText({
        ...extraBodyOf(request),
        ...(thinking.parameter !== undefined && { thinking: thinking.parameter }),
        ...(betas.some((beta) => NOT_TAKEN.has(beta)) && { betas: [...RUNTIME_BETAS, ...betas] }),
        tools: request.tools ?? [],
        messages: isCachedByClient ? request.messages : withBreakpointAtEnd(request.messages),
      }),
      betas: betas.join(','),
      headers: context.headers ?? '',
      runtimeCaching: marks.length + RUNTIME_BREAKPOINTS <= MAX_BREAKPOINTS,
      cacheLifetime: [...marks, ...systemBlocks(request)].some(isCachedForAnHour) ? '1h' : '',
      runtimeThinking: thinking.runtime,
    },
    history: [],
    prompt: firstWordsOf(request.messages),
    lineages: [],
    lineage: 'whole',
    promptLineage: 'whole',
    answers: undefined,
    maxTokens: request.max_tokens,
    isForced: false,
    mayBeRepaired: hasRepairableParameters(request, facts),
    mayLoseThoughts: false,
  }
}

/**
 * Values of `anthropic-beta` that the runtime removes from its list, because it uses them as its
 * own switches. Sent as `betas` in the body, they replace the list (measured with 2.1.332).
 */
const NOT_TAKEN = new Set(['mid-conversation-tool-changes-2026-07-01', 'inline-tools-2026-09-15'])

/** The beginning of the list for every model; measured in the same way. */
const RUNTIME_BETAS = ['claude-code-20250219', 'interleaved-thinking-2025-05-14']

/** The API allows four breakpoints: https://platform.claude.com/docs/en/build-with-claude/prompt-caching */
const MAX_BREAKPOINTS = 4

/** The runtime's own outside the messages: after its header and after the system prompt. */
const RUNTIME_BREAKPOINTS = 2

/** Everything except `system` that may have a breakpoint of the client. */
function* breakpointsIn(request: MessagesRequest): Steps<object[]> {
  const marks = (request.tools ?? []).filter(hasBreakpoint) as object[]
  for (const { content = [] } of request.messages) {
    if (typeof content === 'string') continue
    for (const [index, block] of content.entries()) {
      if (hasBreakpoint(block)) marks.push(block)
      if (index % PARTS_OF_A_STEP === 0) yield
    }
  }
  return hasBreakpoint(request) ? [...marks, request] : marks
}

/** Blocks that are checked between two places to pause. */
const PARTS_OF_A_STEP = 1000

function systemBlocks({ system }: MessagesRequest): object[] {
  return Array.isArray(system) ? system : []
}

function hasBreakpoint(part: object): boolean {
  return 'cache_control' in part && part.cache_control !== null && part.cache_control !== undefined
}

/**
 * Sets the breakpoint that the runtime would set on the last block of its own conversation. It
 * makes a long conversation cheap if the client sets none.
 */
function withBreakpointAtEnd(messages: readonly SentMessage[]): readonly SentMessage[] {
  const last = messages.at(-1)
  if (last?.content === undefined || last.role === 'system') return messages
  const blocks: ContentBlock[] =
    typeof last.content === 'string' ? [{ type: 'text', text: last.content }] : last.content
  const block = blocks.at(-1)
  if (block === undefined || !CAN_BE_MARKED.has(block.type)) return messages
  const marked = { ...block, cache_control: { type: 'ephemeral' } }
  return [...messages.slice(0, -1), { ...last, content: [...blocks.slice(0, -1), marked] }]
}

const CAN_BE_MARKED = new Set(['text', 'image', 'document', 'tool_use', 'tool_result'])

/** The number of characters of the conversation that the runtime's header depends on. */
const FIRST_WORDS = 21

/** The beginning of the first user message; the runtime sends a fingerprint of it in its header. */
function firstWordsOf(messages: readonly SentMessage[]): string {
  const content = messages.find(({ role }) => role === 'user')?.content ?? ''
  const text =
    typeof content === 'string' ? content : content.find(({ type }) => type === 'text')?.['text']
  if (typeof text !== 'string') return '-'
  const words = text.slice(0, FIRST_WORDS).toWellFormed()
  return words.trim() === '' ? '-' : words
}
