import type { Fields, Row, ReplyRow, RequestRow } from './rows.ts'

/*
 * Rows that share a turn, because each turn costs the runtime some 50 ms of CPU. Only rows that are
 * expected to pass share one: if such a turn passes, each of its rows does.
 */

/** Rows of one group, and the one row that has the parts of all of them. */
export type Pack = { rows: readonly Row[]; joined: Row }

/** @param mayShare whether a row may share its turn */
export function packsOf(rows: readonly Row[], mayShare: (row: Row) => boolean): Pack[] {
  const packs: Pack[] = []
  for (const row of rows) {
    const place = mayShare(row)
      ? packs.findIndex(({ joined }) => mayShare(joined) && join(joined, row) !== undefined)
      : -1
    const found = packs[place]
    const joined = found && join(found.joined, row)
    if (found && joined) packs[place] = { rows: [...found.rows, row], joined }
    else packs.push({ rows: [row], joined: row })
  }
  return packs
}

/** The row with the parts of both; undefined if they exclude each other. */
function join(one: Row, other: Row): Row | undefined {
  if (one.group !== other.group) return undefined
  if ('request' in one && 'request' in other) return joinRequests(one, other)
  if ('blocks' in one && 'blocks' in other) return joinReplies(one, other)
  return undefined
}

function joinRequests(one: RequestRow, other: RequestRow): RequestRow | undefined {
  const parts = [one, other].map(({ request: { messages, tools = [], ...fields }, headers }) => ({
    fields: { ...fields, ...headers },
    messages: messages as Turn[],
    tools: tools as Fields[],
  }))
  const [mine, theirs] = parts as [(typeof parts)[0], (typeof parts)[0]]
  const fields = union(mine.fields, theirs.fields)
  const messages = joinMessages(mine.messages, theirs.messages)
  const tools = joinTools(mine.tools, theirs.tools)
  if (fields === undefined || messages === undefined || tools === undefined) return undefined
  return {
    ...one,
    request: {
      ...one.request,
      ...other.request,
      messages,
      ...(tools.length > 0 && { tools }),
    },
    headers: { ...one.headers, ...other.headers },
  }
}

/** Undefined if a field has two values. */
function union<Value>(
  one: Record<string, Value>,
  other: Record<string, Value>,
): Record<string, Value> | undefined {
  const isFree = Object.keys(one).every(
    (name) => !(name in other) || isEqual(one[name], other[name]),
  )
  return isFree ? { ...one, ...other } : undefined
}

/** Undefined if two have one name: the API accepts each once. */
function joinTools(one: Fields[], other: Fields[]): Fields[] | undefined {
  const added = other.filter((tool) => !one.some((known) => isEqual(known, tool)))
  const names = new Set(one.map(nameOf))
  return added.some((tool) => names.has(nameOf(tool))) ? undefined : [...one, ...added]
}

function nameOf({ name, type }: Fields): unknown {
  return name ?? type
}

type Turn = { role: string; content: string | Fields[] }

/**
 * One conversation after the other, with the blocks of both prompts in the prompt. Undefined if one
 * has a message of the system, whose place matters.
 */
function joinMessages(one: Turn[], other: Turn[]): Turn[] | undefined {
  if (isEqual(one, other)) return one
  if ([...one, ...other].some(({ role }) => role === 'system')) return undefined
  const [before, after] = [one, renamed(other, one.length)].map(inTwo) as [Halves, Halves]
  return [
    ...before.history,
    ...after.history,
    { role: 'user', content: [...before.prompt, ...after.prompt] },
  ]
}

type Halves = { history: Turn[]; prompt: Fields[] }

/** The prompt, and all before it. The results of calls stay behind their calls. */
function inTwo(messages: Turn[]): Halves {
  const last = messages.at(-1)
  const prompt = blocksOf(last)
  const hasResults = prompt.some(({ type }) => type === 'tool_result')
  return hasResults
    ? {
        history: [...messages, { role: 'assistant', content: 'Seen.' }],
        prompt: [{ type: 'text', text: 'Go on.' }],
      }
    : { history: messages.slice(0, -1), prompt }
}

function blocksOf(turn: Turn | undefined): Fields[] {
  const content = turn?.content ?? []
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}

/** The ids of calls are unique in a conversation. */
function renamed(messages: Turn[], place: number): Turn[] {
  const json = JSON.stringify(messages).replaceAll('id_made_up', `id_made_up_for_${place}`)
  return JSON.parse(json) as Turn[]
}

/** Undefined if the replies have different ends, or change the same event. */
function joinReplies(one: ReplyRow, other: ReplyRow): ReplyRow | undefined {
  const events = union(one.events, other.events)
  if (one.reason !== other.reason || events === undefined) return undefined
  const count = one.blocks.filter(({ type }) => type === 'content_block_start').length
  const added = other.blocks.map((event) => ({ ...event, index: Number(event['index']) + count }))
  const blocks = isEqual(one.blocks, other.blocks) ? one.blocks : [...one.blocks, ...added]
  return { ...one, blocks, events }
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
