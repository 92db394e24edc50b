import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createLogger } from '../../../src/observe/log.ts'
import { events, hang, PACE } from '../../support/answers.ts'
import { asking, type Bench, startBench } from '../../support/compare-bench.ts'
import { eventsAsTheyCome } from '../../support/compare-events.ts'
import { eventsOf } from '../../support/events.ts'
import { textMessage } from '../../support/messages.ts'

/** A log that keeps the fields of its lines, including the causes of workers' ends. */
function lines() {
  const kept: Record<string, unknown>[] = []
  const write = (line: string): void => void kept.push(JSON.parse(line))
  return { logger: createLogger('DEBUG', false, { write }), lines: kept }
}

const OPENING = eventsOf(textMessage('A long story of many words.')).slice(0, 3)

describe('an embedded fetch whose signal aborts', () => {
  let bench: Bench

  beforeAll(async () => {
    bench = await startBench()
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

  test('rejects while a whole reply is made', async () => {
    bench.standin.reply(events([...OPENING, hang()]))
    const leaving = new AbortController()
    const arrived = bench.standin.nextMessage()
    const answered = bench.post(asking('Tell.'), { signal: leaving.signal })
    await arrived
    leaving.abort(new Error('made up'))
    await expect(answered).rejects.toThrow('made up')
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

describe('the log', () => {
  test('has no error for a client that leaves in the middle of a whole reply', async () => {
    const log = lines()
    const bench = await startBench({ logger: log.logger })
    bench.standin.reply(events([...OPENING, hang()]))
    const leaving = new AbortController()
    const arrived = bench.standin.nextMessage()
    const answered = bench.post(asking('Tell.'), { signal: leaving.signal })
    await arrived
    leaving.abort()
    await expect(answered).rejects.toThrow()
    await bench.close()
    expect(log.lines.filter(({ level }) => Number(level) >= 40)).toEqual([])
    expect(log.lines.find(({ msg }) => msg === 'turn')).toMatchObject({ outcome: 'client left' })
  })

  test('has first_event_timeout if that was the reason', async () => {
    const log = lines()
    const bench = await startBench({ logger: log.logger, firstEventTimeout: 1000 })
    bench.standin.reply(events([hang()]))
    expect((await bench.post(asking('Wait.'))).status).toBe(504)
    await bench.close()
    expect(log.lines.find(({ msg }) => msg === 'turn')).toMatchObject({
      outcome: 'timed out',
      reason: expect.stringContaining('first_event_timeout'),
    })
    expect(JSON.stringify(log.lines)).not.toContain('client left')
  })
})
