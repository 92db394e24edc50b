import type { ContentBlock, Message, MessagesRequest } from '../api/types.ts'
import type { Steps } from '../steps.ts'

/** The API allows four breakpoints: https://platform.claude.com/docs/en/build-with-claude/prompt-caching */
const MAX_BREAKPOINTS = 4

/** The runtime sets three: after its header, after the system prompt, and on the last block. */
const RUNTIME_BREAKPOINTS = 3

/**
 * Whether the client's cache breakpoints leave no room for the runtime's: there would be too many,
 * or their lifetimes conflict (an hour may not follow five minutes).
 *
 * If there is room, the runtime's stay. They replace a client's breakpoint on the system prompt,
 * which the runtime takes as plain text, and the one on the last block.
 */
export function* needsOwnCaching(
  request: MessagesRequest,
  messages: readonly Message[],
): Steps<boolean> {
  const lastBlock = blocksOf(messages.at(-1)).at(-1)
  const marked = yield* markedParts([
    request.tools ?? [],
    ...messages.map(blocksOf),
    [request],
    Array.isArray(request.system) ? request.system : [],
  ])
  if (marked.some(isCachedForAnHour)) return true
  const inSystem: readonly object[] = Array.isArray(request.system) ? request.system : []
  const own = marked.filter((part) => part !== lastBlock && !inSystem.includes(part))
  return own.length + RUNTIME_BREAKPOINTS > MAX_BREAKPOINTS
}

/** Parts that are checked between two places to pause: there may be several hundred thousand. */
const PARTS_OF_A_STEP = 1000

type Part = { cache_control?: unknown }

function* markedParts(lists: readonly (readonly Part[])[]): Steps<Part[]> {
  const marked: Part[] = []
  let count = 0
  for (const list of lists) {
    for (const part of list) {
      if (part.cache_control) marked.push(part)
      count += 1
      if (count % PARTS_OF_A_STEP === 0) yield
    }
  }
  return marked
}

/**
 * The content without the breakpoint on its last block, if the runtime sets the same one itself.
 * Clients move it with each turn; in a process that is kept, the old one would stay.
 */
export function withoutImpliedBreakpoint(content: Message['content']): Message['content'] {
  const last = content.at(-1)
  if (typeof last !== 'object' || last['cache_control'] === undefined) return content
  const { cache_control: _, ...block } = last
  return [...(content.slice(0, -1) as ContentBlock[]), block]
}

/** Content without any breakpoints, also inside tool results. */
export function withoutBreakpoints<Content extends Message['content']>(content: Content): Content {
  if (typeof content === 'string') return content
  return content.map(unmarked) as Content
}

function unmarked(block: ContentBlock): ContentBlock {
  const { cache_control: _, ...rest } = block
  const { content } = rest
  if (!Array.isArray(content)) return rest
  return {
    ...rest,
    content: content.map((part: unknown) => (isBlock(part) ? unmarked(part) : part)),
  }
}

function isBlock(part: unknown): part is ContentBlock {
  return typeof part === 'object' && part !== null && !Array.isArray(part)
}

function blocksOf(message: Message | undefined): readonly Record<string, unknown>[] {
  return message === undefined || typeof message.content === 'string' ? [] : message.content
}

/** Whether a part has a breakpoint that lives an hour. */
export function isCachedForAnHour(part: object): boolean {
  const control: unknown = 'cache_control' in part ? part.cache_control : undefined
  return typeof control === 'object' && control !== null && 'ttl' in control && control.ttl === '1h'
}
