import type { MessageRequest } from './standin.ts'

/** A request as a client sends it to the proxy. */
export type ClientRequest = {
  body: Record<string, unknown>
  /** Values for the `anthropic-beta` header. */
  betas?: readonly string[]
  /** Other headers. */
  headers?: Record<string, string>
}

type Fields = Record<string, unknown>
type Block = Fields & { type: string }
type Turn = { role: unknown; blocks: Block[] }

/**
 * Compares the request upstream with the client's request.
 *
 * They are equal if the JSON is the same. Forms that the API itself treats alike are equal (a
 * string and one text block; neighbours of one role and one message). The runtime's own parts are
 * ignored: its header before the system prompt, its reminders in one turn, `metadata`, cache
 * breakpoints on blocks without one of the client, and the few parameters in `ADDED_PARAMETERS`.
 *
 * @returns one line for each difference, which begins with its path; none if they are equal
 */
export function wireDifferences(
  { body: sent, betas = [] }: ClientRequest,
  { body, headers }: Pick<MessageRequest, 'body' | 'headers'>,
): string[] {
  const wire: Fields = body
  return [
    ...parameterDifferences(sent, wire),
    ...systemDifferences(sent['system'], wire['system']),
    ...messageDifferences(sent['messages'], wire['messages']),
    ...toolDifferences(sent['tools'], wire['tools']),
    ...breakpointDifferences(wire),
    ...betaDifferences(betas, String(headers['anthropic-beta'] ?? '')),
  ]
}

const MODEL_WHERE_NONE_IS_NAMED = 'claude-sonnet-4-6'

/**
 * Fields with their own comparison, or (`stream`, `metadata`) fields that are not the client's on
 * the wire.
 */
const COMPARED_ELSEWHERE = new Set(['messages', 'system', 'tools', 'stream', 'metadata'])

/** The allowed values of parameters that the client did not send. */
const ADDED_PARAMETERS: Record<string, (value: unknown, sent: Fields, wire: Fields) => boolean> = {
  model: (value) => value === MODEL_WHERE_NONE_IS_NAMED,
  max_tokens: (value) => Number.isSafeInteger(value) && Number(value) > 0,
  thinking: (value) => isRecord(value) && isDefaultThinking(value),
  temperature: (value, sent, wire) =>
    value === 1 &&
    !('top_p' in sent) &&
    ['disabled', undefined].includes(record(wire['thinking'])['type'] as string | undefined),
}

function isDefaultThinking(thinking: Fields): boolean {
  const fields = Object.keys(thinking)
  return fields.length === 1 && ['disabled', 'adaptive'].includes(String(thinking['type']))
}

function parameterDifferences(sent: Fields, wire: Fields): string[] {
  const lines = [
    ...differences('stream', true, wire['stream']),
    ...differences('metadata', ['user_id'], Object.keys(record(wire['metadata']))),
  ]
  for (const name of new Set([...Object.keys(sent), ...Object.keys(wire)])) {
    if (COMPARED_ELSEWHERE.has(name)) continue
    if (name in sent) lines.push(...parameterDifference(name, sent[name], wire[name]))
    else if (ADDED_PARAMETERS[name]?.(wire[name], sent, wire) !== true) {
      lines.push(`${name}: was not sent, and is ${shown(wire[name])} upstream`)
    }
  }
  return [
    ...lines,
    ...orderDifferences('output_config', sent['output_config'], wire['output_config']),
  ]
}

/** An empty `output_config` equals an absent one. */
function parameterDifference(name: string, sent: unknown, wire: unknown): string[] {
  const isEmpty = isRecord(sent) && Object.keys(sent).length === 0
  return name === 'output_config' && isEmpty && wire === undefined
    ? []
    : differences(name, sent, wire)
}

const LIKE_THE_RUNTIMES_OWN =
  /^(?:x-anthropic-billing-header:|You are (?:a Claude agent|Claude Code)\b)/
const BILLING_HEADER = /^x-anthropic-billing-header: [^\n]*$/
const IDENTITY = "You are a Claude agent, built on Anthropic's Claude Agent SDK."

function systemDifferences(sent: unknown, wire: unknown): string[] {
  const [billing, identity, ...own] = blocksOf(wire).map(withoutBreakpoint)
  const lines = differences('system.1 (the identity)', textBlock(IDENTITY), identity)
  if (typeof billing?.['text'] !== 'string' || !BILLING_HEADER.test(billing['text'])) {
    lines.push(`system.0: expected the billing header, got ${shown(billing)}`)
  }
  const text = blocksOf(sent ?? []).map((block) => block['text'])
  const joined = text.join('\n\n')
  // It has a line break in front, because it would replace the runtime's own blocks.
  const apart = LIKE_THE_RUNTIMES_OWN.test(joined) ? `\n${joined}` : joined
  const expected = text.every((part) => part === '') ? [] : [textBlock(apart)]
  return [...lines, ...differences('system (after the header)', expected, own)]
}

function messageDifferences(sent: unknown, wire: unknown): string[] {
  const expected = turnsOf(sent)
  const actual = turnsOf(list(wire).filter((message) => !isSystemReminder(message)))
  const lines = differences(
    'messages (roles)',
    expected.map((turn) => turn.role),
    actual.map((turn) => turn.role),
  )
  let reminded = list(wire).filter(isSystemReminder).length
  for (const [index, turn] of expected.entries()) {
    const place = `messages.${index}.content`
    const arrived = actual[index]?.blocks ?? []
    const blocks = turn.role === 'user' ? withoutReminders(arrived) : arrived
    if (blocks !== arrived) reminded += 1
    lines.push(
      ...differences(
        place,
        turn.blocks.map(plain),
        withoutAddedBreakpoints(blocks, turn.blocks).map(plain),
      ),
    )
  }
  if (reminded > 1) lines.push(`messages: the runtime's reminders are in ${reminded} turns`)
  return lines
}

function toolDifferences(sent: unknown, wire: unknown): string[] {
  const expected = list(sent ?? [])
  const actual = list(wire ?? [])
  return [
    ...differences('tools', expected, actual),
    ...expected.flatMap((tool, index) =>
      orderDifferences(
        `tools.${index}.input_schema.properties`,
        propertiesOf(tool),
        propertiesOf(actual[index]),
      ),
    ),
  ]
}

function propertiesOf(tool: unknown): unknown {
  return record(record(tool)['input_schema'])['properties']
}

/** https://platform.claude.com/docs/en/build-with-claude/prompt-caching */
const MAX_BREAKPOINTS = 4

function breakpointDifferences(wire: Fields): string[] {
  const { tools, system, messages, cache_control: whole } = wire
  const lifetimes = [tools, system, messages].flatMap(lifetimesIn)
  const lines: string[] = []
  const count = lifetimes.length + (whole ? 1 : 0)
  if (count > MAX_BREAKPOINTS) lines.push(`cache_control: ${count} breakpoints upstream`)
  const short = lifetimes.indexOf('5m')
  if (short !== -1 && lifetimes.lastIndexOf('1h') > short) {
    lines.push(`cache_control: an hour's breakpoint after a shorter one: ${lifetimes.join(', ')}`)
  }
  return lines
}

/**
 * The lifetimes of all breakpoints in a part of a request, in order. Data inside tool inputs does
 * not count.
 */
function lifetimesIn(part: unknown): string[] {
  if (Array.isArray(part)) return part.flatMap(lifetimesIn)
  if (!isRecord(part)) return []
  const { cache_control: control, content } = part
  return [...lifetimesIn(content), ...(isRecord(control) ? [lifetimeOf(control)] : [])]
}

function lifetimeOf({ ttl }: Fields): string {
  return typeof ttl === 'string' ? ttl : '5m'
}

/** The runtime's own values of `anthropic-beta`; seen with 2.1.330. */
const RUNTIME_BETAS = new Set([
  'claude-code-20250219',
  'interleaved-thinking-2025-05-14',
  'effort-2025-11-24',
])

function betaDifferences(sent: readonly string[], header: string): string[] {
  const wire = header.split(',').map((value) => value.trim())
  return [
    ...sent
      .filter((beta) => !wire.includes(beta))
      .map((beta) => `anthropic-beta: ${beta} was sent, and is missing upstream`),
    ...wire
      .filter((beta) => !sent.includes(beta) && !RUNTIME_BETAS.has(beta))
      .map((beta) => `anthropic-beta: ${beta} was not sent, and is there upstream`),
  ]
}

/** The runtime's reminders about its environment, in this order; seen with 2.1.330. */
const REMINDERS = [
  '# Environment\\nYou have been invoked',
  'You are powered by the model ',
  "Today's date is ",
].map((start) => `<system-reminder>\\n${start}(?:(?!</system-reminder>)[^])*\\n</system-reminder>`)
const REMINDER_BLOCKS = REMINDERS.map((reminder) => new RegExp(`^${reminder}\\n?$`))
const REMINDER_TAIL = new RegExp(`(?:^|\\n\\n)${REMINDERS.join('\\n\\n')}$`)

/** For the newest models the reminders are a separate message. */
function isSystemReminder(message: unknown): boolean {
  const { role, content } = record(message)
  return role === 'system' && typeof content === 'string' && content.startsWith('# Environment\n')
}

/**
 * Removes the runtime's reminders from a user turn: separate blocks, or, if the turn has only
 * results, the end of the last one.
 */
function withoutReminders(blocks: Block[]): Block[] {
  const rest = withoutReminderBlocks(blocks)
  const last = rest.at(-1)
  if (rest !== blocks || last?.type !== 'tool_result') return rest
  const { content: reminded, ...others } = last
  const content = withoutReminderTail(reminded)
  return content === reminded ? blocks : [...blocks.slice(0, -1), { ...others, content }]
}

function withoutReminderTail(content: unknown): unknown {
  if (typeof content === 'string') return content.replace(REMINDER_TAIL, '')
  if (!Array.isArray(content)) return content
  const blocks = withoutReminderBlocks(content as Block[])
  const last = blocks.at(-1)
  if (blocks.length === content.length || last?.type !== 'text') return blocks
  // The line break between the client's text and the first reminder is part of the text.
  return [...blocks.slice(0, -1), { ...last, text: String(last['text']).replace(/\n$/, '') }]
}

function withoutReminderBlocks(blocks: Block[]): Block[] {
  const start = blocks.findIndex((_, index) =>
    REMINDER_BLOCKS.every((reminder, offset) => {
      const block = blocks[index + offset]
      return block?.type === 'text' && reminder.test(String(block['text']))
    }),
  )
  return start === -1 ? blocks : blocks.toSpliced(start, REMINDER_BLOCKS.length)
}

function withoutAddedBreakpoints(blocks: Block[], expected: readonly Block[]): Block[] {
  return blocks.map((block, index) =>
    expected[index]?.['cache_control'] ? block : withoutBreakpoint(block),
  )
}

function withoutBreakpoint(block: Block): Block {
  const { cache_control: _, ...rest } = block
  return rest
}

/** Messages with their content as blocks, neighbours of one role combined. */
function turnsOf(messages: unknown): Turn[] {
  const turns: Turn[] = []
  for (const message of list(messages)) {
    const { role, content } = record(message)
    const last = turns.at(-1)
    if (last?.role === role) last?.blocks.push(...blocksOf(content))
    else turns.push({ role, blocks: [...blocksOf(content)] })
  }
  return turns
}

function blocksOf(content: unknown): Block[] {
  if (content === '') return []
  return typeof content === 'string' ? [textBlock(content)] : (list(content) as Block[])
}

/** A block in a normal form, so that forms that the API treats alike are equal. */
function plain(block: Block): Block {
  const { cache_control: control, caller, content, is_error: isError, ...rest } = block
  const isCalledDirectly = isRecord(caller) && caller['type'] === 'direct'
  const blocks = block.type === 'tool_result' ? blocksOf(content) : content
  return {
    ...rest,
    ...(isRecord(control) && { cache_control: plainBreakpoint(control) }),
    ...(caller !== undefined && !isCalledDirectly && { caller }),
    ...(isError !== undefined && isError !== false && { is_error: isError }),
    ...(blocks !== undefined && { content: blocks }),
  }
}

function plainBreakpoint({ ttl, ...rest }: Fields): Fields {
  return ttl === '5m' ? rest : { ...rest, ...(ttl !== undefined && { ttl }) }
}

function textBlock(text: string): Block {
  return { type: 'text', text }
}

/** A model writes the fields of a schema in their order in the schema. */
function orderDifferences(path: string, expected: unknown, actual: unknown): string[] {
  const isReordered =
    differences(path, expected, actual).length === 0 &&
    JSON.stringify(expected) !== JSON.stringify(actual)
  return isReordered ? [`${path}: the keys stand in another order upstream`] : []
}

/** Walks two JSON values and reports their differences. */
function differences(path: string, expected: unknown, actual: unknown): string[] {
  if (Object.is(expected, actual)) return []
  if (typeof expected === 'string' && typeof actual === 'string') {
    return [`${path}: ${differingParts(expected, actual)}`]
  }
  const areAlike = Array.isArray(expected) === Array.isArray(actual)
  if (areAlike && isRecord(expected) && isRecord(actual)) {
    const names = new Set([...Object.keys(expected), ...Object.keys(actual)])
    return [...names].flatMap((name) =>
      differences(`${path}.${name}`, expected[name], actual[name]),
    )
  }
  return [`${path}: sent ${shown(expected)}, upstream ${shown(actual)}`]
}

const SHOWN_LENGTH = 160

function differingParts(expected: string, actual: string): string {
  let start = 0
  while (expected[start] === actual[start]) start += 1
  const from = Math.max(0, start - 20)
  const [was, is] = [expected, actual].map((text) => shown(text.slice(from)))
  return `differs from character ${start}: sent …${was} (${expected.length}), upstream …${is} (${actual.length})`
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

function record(value: unknown): Fields {
  return isRecord(value) ? value : {}
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
