import { ApiError } from '../errors.ts'
import type { Steps } from '../steps.ts'
import { blocksOf, combineRun, type Run, runsOf } from './combine.ts'
import type { ContentBlock, SentMessage } from './types.ts'

/**
 * Checks the rules of the API that hold between messages and that the runtime would otherwise hide
 * from it, by dropping what breaks them. Consecutive messages of one role count as one, as they do
 * for the API; the indices in errors are those of the client's own list.
 *
 * Whether a conversation may end with an assistant message is not decided here.
 *
 * @param messages of the right shape
 * @throws ApiError `invalid_request_error`
 */
export function* checkConversation(messages: readonly SentMessage[]): Steps<void> {
  const runs = runsOf(messages)
  yield
  for (const run of runs) {
    checkContent(run, run === runs.at(-1))
    yield
    checkRoles(run)
    yield
  }
  let before: Run | undefined
  for (const run of runs) {
    checkToolResults(run, before)
    yield
    if (before) checkToolUses(before, run)
    yield
    before = run
  }
  if (before) checkToolUses(before, undefined)
}

/**
 * An empty text is refused wherever it stands; one of whitespace where there is nothing else. Beside
 * other text the API takes it (measured in https://github.com/LibreChat-AI/agents/pull/124), and
 * beside other blocks the decision is left to it: models do say `"\n\n"` before they call a tool.
 */
function checkContent(run: Run, isLast: boolean): void {
  const { content } = combineRun(run)
  // What else such a message must have then, the API knows.
  if (content === undefined) return
  if (content.length === 0) {
    if (isLast && run.role === 'assistant') return
    throw invalid(
      `messages.${run.start}: all messages must have non-empty content except for the optional final assistant message`,
    )
  }
  const blocks = blocksOf({ content })
  if (blocks.some((block) => block.type === 'text' && block['text'] === '')) {
    throw invalid('messages: text content blocks must be non-empty')
  }
  if (blocks.every(isWhitespace)) {
    throw invalid('messages: text content blocks must contain non-whitespace text')
  }
}

function isWhitespace(block: ContentBlock): boolean {
  return block.type === 'text' && typeof block['text'] === 'string' && !/\S/u.test(block['text'])
}

function checkRoles(run: Run): void {
  const [type, other] =
    run.role === 'user' ? (['tool_use', 'assistant'] as const) : (['tool_result', 'user'] as const)
  for (const { index, block } of placedBlocks(run)) {
    if (block.type === type) {
      throw invalid(`messages.${index}: \`${type}\` blocks can only be in \`${other}\` messages`)
    }
  }
}

function checkToolResults(run: Run, before: Run | undefined): void {
  const asked = before ? idsIn(before, 'tool_use', 'id') : new Set()
  for (const { index, position, block } of placedBlocks(run)) {
    if (block.type === 'tool_result' && !asked.has(block['tool_use_id'])) {
      throw invalid(
        `messages.${index}.content.${position}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${listed([block['tool_use_id']])}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      )
    }
  }
}

function checkToolUses(run: Run, after: Run | undefined): void {
  const answered = after ? idsIn(after, 'tool_result', 'tool_use_id') : new Set()
  const open = placedBlocks(run).filter(
    ({ block }) => block.type === 'tool_use' && !answered.has(block['id']),
  )
  if (open[0]) {
    throw invalid(
      `messages.${open[0].index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${listed(open.map(({ block }) => block['id']))}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
    )
  }
}

function idsIn(run: Run, type: string, field: string): Set<unknown> {
  const blocks = run.messages.flatMap(blocksOf).filter((block) => block.type === type)
  return new Set(blocks.map((block) => block[field]))
}

/** The blocks of a run, each with the index of its message and its position in there. */
function placedBlocks(run: Run): { index: number; position: number; block: ContentBlock }[] {
  return run.messages.flatMap((message, offset) =>
    blocksOf(message).map((block, position) => ({ index: run.start + offset, position, block })),
  )
}

/** The ids that a client gave, as far as a message has room for them. */
function listed(ids: readonly unknown[]): string {
  const shown = ids.slice(0, MOST_IDS).map((id) => String(id).slice(0, LONGEST_ID).toWellFormed())
  return [...shown, ...(ids.length > MOST_IDS ? ['…'] : [])].join(', ')
}

const MOST_IDS = 20
const LONGEST_ID = 100

function invalid(message: string): ApiError {
  return new ApiError('invalid_request_error', message)
}
