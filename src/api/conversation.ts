import { ApiError } from '../errors.ts'
import type { Steps } from '../steps.ts'
import { blocksOf, type Run, runsOf } from './combine.ts'
import type { ContentBlock, SentMessage } from './types.ts'

/**
 * Checks the API's rules between messages, because the runtime would drop the parts that break
 * them, and so hide the fault from the API. Consecutive messages of one role count as one, as for
 * the API. The indices in errors refer to the client's own list.
 *
 * A conversation may end with an assistant message: the API decides about that.
 *
 * @param messages of the right shape
 * @throws ApiError `invalid_request_error`
 */
export function* checkConversation(messages: readonly SentMessage[]): Steps<void> {
  const runs = runsOf(messages)
  yield
  for (const run of runs) {
    yield* checkContent(run, run === runs.at(-1))
    yield* checkRoles(run)
  }
  let before: Run | undefined
  for (const run of runs) {
    yield* checkToolResults(run, before)
    if (before) yield* checkToolUses(before, run)
    before = run
  }
  if (before) yield* checkToolUses(before, undefined)
}

/**
 * An empty text is always refused; a text of whitespace if the message has nothing else. The API
 * accepts whitespace next to other text (measured in
 * https://github.com/LibreChat-AI/agents/pull/124). Next to other blocks the API decides: models do
 * write `"\n\n"` before they call a tool.
 */
function* checkContent(run: Run, isLast: boolean): Steps<void> {
  const [{ content }, ...others] = run.messages
  const isAlone = others.length === 0
  // The API checks what else such a message needs.
  if (isAlone && content === undefined) return
  let [count, isBlank, hasEmptyText] = [0, true, false]
  yield* eachBlock(run, ({ block }) => {
    count += 1
    isBlank &&= isWhitespace(block)
    hasEmptyText ||= block.type === 'text' && block['text'] === ''
  })
  if (count === 0 || (isAlone && content === '')) {
    if (isLast && run.role === 'assistant') return
    if (run.messages.some(hasOutputConfig)) return
    throw invalid(
      `messages.${run.start}: all messages must have non-empty content except for the optional final assistant message`,
    )
  }
  if (hasEmptyText) throw invalid('messages: text content blocks must be non-empty')
  if (isBlank) throw invalid('messages: text content blocks must contain non-whitespace text')
}

/** Such a system message needs no content; pi sends an empty list. */
function hasOutputConfig({ role, output_config: config }: SentMessage): boolean {
  return role === 'system' && Object.keys(Object(config)).length > 0
}

function isWhitespace(block: ContentBlock): boolean {
  return block.type === 'text' && typeof block['text'] === 'string' && !/\S/u.test(block['text'])
}

function* checkRoles(run: Run): Steps<void> {
  const [type, other] =
    run.role === 'user' ? (['tool_use', 'assistant'] as const) : (['tool_result', 'user'] as const)
  yield* eachBlock(run, ({ index, block }) => {
    if (block.type !== type) return
    throw invalid(`messages.${index}: \`${type}\` blocks can only be in \`${other}\` messages`)
  })
}

function* checkToolResults(run: Run, before: Run | undefined): Steps<void> {
  const asked = before ? yield* idsIn(before, 'tool_use', 'id') : new Set()
  yield* eachBlock(run, ({ index, position, block }) => {
    if (block.type !== 'tool_result' || asked.has(block['tool_use_id'])) return
    throw invalid(
      `messages.${index}.content.${position}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${listed([block['tool_use_id']])}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
    )
  })
}

function* checkToolUses(run: Run, after: Run | undefined): Steps<void> {
  const answered = after ? yield* idsIn(after, 'tool_result', 'tool_use_id') : new Set()
  const open: PlacedBlock[] = []
  yield* eachBlock(run, (placed) => {
    const { block } = placed
    if (block.type === 'tool_use' && !answered.has(block['id'])) open.push(placed)
  })
  if (open[0]) {
    throw invalid(
      `messages.${open[0].index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${listed(open.map(({ block }) => block['id']))}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
    )
  }
}

function* idsIn(run: Run, type: string, field: string): Steps<Set<unknown>> {
  const ids = new Set<unknown>()
  yield* eachBlock(run, ({ block }) => {
    if (block.type === type) ids.add(block[field])
  })
  return ids
}

/** A block with the index of its message and its position in there. */
type PlacedBlock = { index: number; position: number; block: ContentBlock }

/** Blocks that are checked between two places to pause: a run may have several hundred thousand. */
const BLOCKS_OF_A_STEP = 1000

function* eachBlock(run: Run, look: (placed: PlacedBlock) => void): Steps<void> {
  let count = 0
  for (const [offset, message] of run.messages.entries()) {
    for (const [position, block] of blocksOf(message).entries()) {
      look({ index: run.start + offset, position, block })
      count += 1
      if (count % BLOCKS_OF_A_STEP === 0) yield
    }
  }
  yield
}

/** The client's ids, cut to the room in a message. */
function listed(ids: readonly unknown[]): string {
  const shown = ids.slice(0, MAX_IDS).map((id) => String(id).slice(0, LONGEST_ID).toWellFormed())
  return [...shown, ...(ids.length > MAX_IDS ? ['…'] : [])].join(', ')
}

const MAX_IDS = 20
const LONGEST_ID = 100

function invalid(message: string): ApiError {
  return new ApiError('invalid_request_error', message)
}
