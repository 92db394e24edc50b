import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import type { ReplyEvent } from '../src/api/types.ts'
import { BatchDesk } from '../src/batches/desk.ts'
import { openPostgres } from '../src/store/postgres/open.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'
import type { Store } from '../src/store/store.ts'
import { Reply } from '../src/stream/reply.ts'
import { startPostgres } from '../test/support/postgres.ts'

/*
 * Measures only the queue of batches, with a model that answers at once: the cost of a request, and
 * the memory of many waiting requests.
 */

const { values: options } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    postgres: { type: 'boolean', default: false },
  },
})
const count = Number(options.requests)

const REPLY = [
  {
    type: 'message_start',
    message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'made-up', content: [] },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'x'.repeat(500) } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 100 } },
  { type: 'message_stop' },
] as unknown as ReplyEvent[]

const folder = mkdtempSync(join(tmpdir(), 'queue-'))
const postgres = options.postgres ? await startPostgres() : undefined
const store: Store = postgres
  ? await openPostgres(await postgres.makeDatabase(), (error) => console.error(error))
  : await openSqlite(join(folder, 'store.db'))

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const megabytes = (): number => {
  collect()
  return Math.round(process.memoryUsage().heapUsed / 1e5) / 10
}

const before = megabytes()
let isOpen = false
const desk = new BatchDesk(store, {
  ask: () => {
    const reply = new Reply(() => {})
    for (const event of REPLY) reply.push(event)
    reply.end()
    return Promise.resolve(reply)
  },
  admit: () => Promise.resolve(undefined),
  hasRoom: () => isOpen,
  rateLimits: () => undefined,
  modelDefault: 'made-up',
  modelOf: (name) => name ?? 'made-up',
  concurrency: 8,
  windowShare: 1,
  firstEventTimeout: 60_000,
  lease: 10_000,
  expiry: 3_600_000,
  retention: 3_600_000,
  maxBodySize: 1_000_000,
  onError: (error) => console.error(error),
  onChange: () => {},
})

// The longest time in which nothing else was served.
const delay = monitorEventLoopDelay({ resolution: 1 })
const longestBlock = (): number => {
  const most = Math.round(delay.max / 1e6)
  delay.reset()
  return most
}
delay.enable()
const createdAt = performance.now()
const batch = await desk.create(body(), { owner: '', betas: [] })
const created = performance.now() - createdAt
const blockedByCreation = longestBlock()
const queued = megabytes()
delay.reset()

const samples: number[] = []
const [startedAt, cpu] = [performance.now(), process.cpuUsage()]
isOpen = true
for (let next = count / 10; ;) {
  const { status, counts } = await desk.records.get('', batch.id)
  if (count - counts.processing >= next) {
    samples.push(megabytes())
    next += count / 10
  }
  if (status === 'ended') break
  await setTimeout(50)
}
const { user, system } = process.cpuUsage(cpu)
const took = performance.now() - startedAt
const blockedByWork = longestBlock()
console.log({
  engine: postgres ? 'PostgreSQL' : 'SQLite',
  requests: count,
  takenInMsEach: Math.round((created / count) * 1000) / 1000,
  workedOffMsEach: Math.round((took / count) * 1000) / 1000,
  cpuMsEach: Math.round((user + system) / count) / 1000,
  longestBlockMs: { takenIn: blockedByCreation, workedOff: blockedByWork },
  heapMegabytes: { before, queued, onTheWay: samples },
})
await desk.runner.stop()
await store.close()
await postgres?.stop()
rmSync(folder, { recursive: true, force: true })

/** The body of the batch, in pieces as from a network. */
async function* body(): AsyncIterableIterator<Uint8Array> {
  const encoder = new TextEncoder()
  yield encoder.encode('{"requests":[')
  for (let index = 0; index < count; index += 1) {
    const entry = {
      custom_id: `id-${index}`,
      params: {
        model: 'made-up',
        max_tokens: 100,
        messages: [{ role: 'user', content: `Request ${index}. ${'Some text. '.repeat(150)}` }],
      },
    }
    yield encoder.encode(`${index === 0 ? '' : ','}${JSON.stringify(entry)}`)
  }
  yield encoder.encode(']}')
}
