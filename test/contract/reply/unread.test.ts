import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createLogger } from '../../../src/observe/log.ts'
import { events, hang, PACE } from '../../support/answers.ts'
import { asking, type Bench, startBench } from '../../support/compare-bench.ts'
import { eventsAsTheyCome } from '../../support/compare-events.ts'
import { eventsOf } from '../../support/events.ts'
import { textMessage } from '../../support/messages.ts'
import { until } from '../../support/until.ts'

/** A log that keeps the fields of its lines, including the causes of workers' ends. */
function lines() {
  const kept: Record<string, unknown>[] = []
  const write = (line: string): void => void kept.push(JSON.parse(line))
  return { logger: createLogger('DEBUG', false, { write }), lines: kept }
}

const OPENING = eventsOf(textMessage('A long story of many words.')).slice(0, 3)

describe('an embedded fetch whose signal aborts', () => {
  let bench: Bench
  const log = lines()

  beforeAll(async () => {
    bench = await startBench({ logger: log.logger })
  })

  afterEach(() => bench.standin.reset())

  afterAll(() => bench.close())

  test.each([
    ['an abort', () => AbortSignal.abort(new Error('made up')), 'made up'],
    ['a time-out', () => AbortSignal.timeout(300), 'aborted due to timeout'],
  ])('rejects with the reason of %s', async (_, makeSignal, reason) => {
    bench.standin.answer = () => events([hang()])
    await expect(bench.post(asking('Wait.'), { signal: makeSignal() })).rejects.toThrow(reason)
  })

  test('rejects while a whole reply is made, without an error in the log', async () => {
    bench.standin.reply(events([...OPENING, hang()]))
    const leaving = new AbortController()
    const arrived = bench.standin.nextMessage()
    const model = 'claude-haiku-4-5'
    const answered = bench.post(asking('Tell.', { model }), { signal: leaving.signal })
    await arrived
    leaving.abort(new Error('made up'))
    await expect(answered).rejects.toThrow('made up')
    const turn = await until(() =>
      log.lines.find((line) => line['msg'] === 'turn' && line['model'] === model),
    )
    expect(turn).toMatchObject({ outcome: 'client left' })
    expect(log.lines.filter(({ level }) => Number(level) >= 40)).toEqual([])
  })

  test('ends the body of a stream with the reason', async () => {
    bench.standin.reply(events([...OPENING, hang()]))
    const leaving = new AbortController()
    const response = await bench.post(asking('Tell.', { stream: true }), {
      signal: leaving.signal,
    })
    await expect(async () => {
      for await (const { type } of eventsAsTheyCome(response)) {
        if (type === 'content_block_delta') leaving.abort(new Error('made up'))
      }
    }).rejects.toThrow('made up')
  })
})

describe('a reply that nobody reads', () => {
  test('is not in flight: the turn is cancelled, and close() does not wait', async () => {
    const log = lines()
    const bench = await startBench({ logger: log.logger, shutdownTimeout: 600_000 })
    bench.standin.reply(events(eventsOf(textMessage('Nobody reads this.')), PACE))
    const dropped = await bench.post(asking('Tell.', { stream: true }))
    expect(dropped.status).toBe(200)
    const head = await bench.proxy.fetch('http://localhost/v1/usage/stream', { method: 'HEAD' })
    expect(head.status).toBe(200)
    const page = await bench.proxy.fetch('http://localhost/v1/usage/stream')
    expect(page.status).toBe(200)

    await bench.close()

    expect(log.lines.find(({ msg }) => msg === 'turn')).toMatchObject({
      outcome: 'whole',
      status: 200,
    })
  })
})
