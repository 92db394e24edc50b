import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { events, PACE } from '../../support/answers.ts'
import { CARRIER } from '../../support/carrier.ts'
import { eventsIn, withoutPings } from '../../support/compare-events.ts'
import { signedEvents } from '../../support/signing.ts'
import { wireDifferences } from '../../support/wire.ts'
import { type Bench, startBench } from '../wire/bench.ts'
import { type Pack, packsOf } from './packs.ts'
import { type Fields, type ReplyRow, type RequestRow, type Row, rows, streamOf } from './rows.ts'
import { documentedTable, type Found, IS_WRITING, writeTable } from './table.ts'

/*
 * Each field, block, tool and event of the SDK's types is sent through the proxy with all its
 * fields, and must have the outcome in docs/exactness.md. A new version of the SDK that has more
 * fails here. Those that shall pass share a turn; if it does not pass, each gets one of its own.
 */

let bench: Bench
const found: Found[] = []
const documented = documentedTable()

beforeAll(async () => {
  bench = await startBench()
  // Rules of single models do not matter here.
  bench.standin.hasModelRules = false
})
afterAll(async () => {
  await bench?.close()
  if (IS_WRITING) writeTable(found)
})
beforeEach(() => bench.standin.reset())

function expected({ group, name }: Row): string | undefined {
  return documented.get(group)?.get(name)?.[CARRIER]
}

const packs = packsOf(rows(), (row) => !IS_WRITING && expected(row) === 'passes')

test.each(packs.map((pack): [string, Pack] => [titleOf(pack), pack]))(
  '%s',
  async (_, { rows: members, joined }) => {
    if (members.length > 1 && (await outcomeOf(joined)) === 'passes') return
    for (const row of members) {
      bench.standin.reset()
      const outcome = await outcomeOf(row)
      found.push({ group: row.group, name: row.name, outcome })
      if (IS_WRITING) continue
      const known = expected(row)
      expect(known, 'not in docs/exactness.md: `npm run exactness` adds it').toBeDefined()
      expect.soft(outcome, row.name).toBe(known)
    }
  },
)

function titleOf({ rows: members, joined }: Pack): string {
  return `${joined.group}: ${members.map(({ name }) => name).join(', ')}`
}

test('the table names only what exists in the SDK', () => {
  const names = new Set(rows().map(({ group, name }) => `${group}: ${name}`))
  const left = [...documented].flatMap(([group, members]) =>
    [...members.keys()].map((name) => `${group}: ${name}`).filter((key) => !names.has(key)),
  )
  expect(IS_WRITING ? [] : left).toEqual([])
})

function outcomeOf(row: Row): Promise<string> {
  return 'request' in row ? outcomeOfRequest(row) : outcomeOfReply(row)
}

async function outcomeOfRequest({ request, headers }: RequestRow) {
  const response = await post(request, headers)
  await response.text()
  if (response.status !== 200) return `refused (${response.status})`
  const { messages } = bench.standin
  const [upstream] = messages
  if (upstream === undefined || messages.length !== 1) return `asked ${messages.length} times`
  const { 'anthropic-beta': betas, ...others } = headers
  const lines = wireDifferences(
    { body: request, ...(betas !== undefined && { betas: betas.split(',') }) },
    upstream,
  )
  const sentElsewhere = ['stream', 'metadata'].filter(
    (name) => name in request && !isEqual(request[name], upstream.body[name]),
  )
  const system =
    Array.isArray(request['system']) && hasOtherSystem(request['system'], upstream.body)
  const lost = Object.entries(others).filter(([name, value]) => upstream.headers[name] !== value)
  const changed = [
    ...lines.map(fieldIn),
    ...sentElsewhere,
    ...(system ? ['blocks joined'] : []),
    ...lost.map(([name]) => name),
  ]
  return changed.length === 0 ? 'passes' : `other: ${[...new Set(changed)].join(', ')}`
}

function hasOtherSystem(sent: unknown[], wire: object): boolean {
  const own = (wire as { system: Fields[] }).system.slice(2)
  return !isEqual(
    sent,
    own.map((block) => ({ type: block['type'], text: block['text'] })),
  )
}

/** The last name in the path of a difference; none if a block differs as a whole. */
function fieldIn(line: string): string {
  const [path = ''] = line.split(':', 1)
  if (path === 'anthropic-beta') return line.split(' ', 2)[1] ?? path
  const names = path.split('.').filter((part) => !/^\d+$/.test(part))
  return names.at(-1)?.replace('messages (roles)', 'roles') ?? path
}

async function outcomeOfReply(row: ReplyRow) {
  const stream = streamOf(row)
  bench.standin.answer = () => events(stream, PACE)
  const request = { ...REQUEST, stream: true }
  const streamed = await post(request)
  if (streamed.status !== 200) return `error (${streamed.status})`
  const received = withoutPings(await eventsIn(streamed))
  if (received.some(({ type }) => type === 'error')) return 'error in the stream'
  const sent = [...signedEvents(stream, bench.standin.messages[0])]
  if (received.length !== sent.length) return 'other: the number of events'
  const changed = sent.flatMap((event, index) => otherFields(event, received[index]))
  return changed.length === 0 ? 'passes' : `other: ${[...new Set(changed)].join(', ')}`
}

/** The names of the fields whose values differ. */
function otherFields(one: unknown, other: unknown, name = 'all'): string[] {
  if (isEqual(one, other)) return []
  if (!isObject(one) || !isObject(other)) return [name]
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names].flatMap((field) => otherFields(one[field], other[field], field))
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

const REQUEST = {
  model: 'claude-opus-5-5',
  max_tokens: 4000,
  messages: [{ role: 'user', content: 'Hello.' }],
  tools: [{ name: 'name_made_up', input_schema: { type: 'object' } }],
}

function post(body: Fields, headers: Record<string, string> = {}): Promise<Response> {
  return bench.proxy.fetch('http://localhost/v1/messages', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(entries.map(([name, inside]) => [name, sorted(inside)]))
}
