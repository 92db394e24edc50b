import { getEventListeners } from 'node:events'

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { Deferred } from '../../deferred.ts'
import { ApiError } from '../../errors.ts'
import { stopping } from '../../refusals.ts'
import type { Stage } from '../worker/stage.ts'
import { Transcript } from '../worker/transcript.ts'
import { Capacity, type CapacityLimits, type PooledWorker } from './capacity.ts'

/** The signal of a client that stays. */
function stay(): AbortSignal {
  return new AbortController().signal
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

class FakeWorker implements PooledWorker {
  stage: Stage = 'starting'
  readonly transcript = new Transcript()
  heldCalls: readonly string[] = []
  isForced = false
  exchanges = 1
  lastUsed = 0
  readonly isCounter = false
  wear: string | undefined
  cause: string | undefined
  warmUps = 0
  forgotten = 0
  readonly start = new Deferred<void>()
  readonly exit = new Deferred<void>()
  readonly started = this.start.promise
  readonly exited = this.exit.promise
  readonly #changed: (worker: FakeWorker) => void

  constructor(changed: (worker: FakeWorker) => void) {
    this.#changed = changed
    this.started.catch(() => {})
  }

  get isAvailable(): boolean {
    return ['ready', 'settling', 'held'].includes(this.stage)
  }

  takes(): boolean {
    return true
  }

  to(stage: Stage): void {
    this.stage = stage
    this.#changed(this)
  }

  becomeReady(): void {
    this.to('ready')
    this.start.resolve()
  }

  close(cause: string, error = new ApiError('api_error', cause)): void {
    if (this.stage === 'ended') return
    this.cause = cause
    this.start.reject(error)
    this.to('ended')
  }

  retire(cause: string): void {
    if (this.isAvailable) this.close(cause)
  }

  warmUp(): Promise<void> {
    if (this.stage === 'ready') this.warmUps += 1
    return Promise.resolve()
  }

  forget(): Promise<void> {
    this.forgotten += 1
    return Promise.resolve()
  }
}

type Options = CapacityLimits & { cores: number; onLine: () => void }

function open(limits: Partial<Options> = {}, start?: () => FakeWorker) {
  const workers: FakeWorker[] = []
  const capacity: Capacity<FakeWorker> = new Capacity<FakeWorker>({
    maxProcesses: 2,
    idleTimeout: 300_000,
    holdTimeout: 600_000,
    queueTimeout: 60_000,
    queueLimit: 20,
    cores: 1,
    start: () => {
      const worker = start?.() ?? new FakeWorker((changed) => capacity.changed(changed))
      workers.push(worker)
      return worker
    },
    ...limits,
  })
  /** A turn: takes the first worker, and returns its number. */
  const ask = (signal = stay(), priority?: 'batch'): Promise<number> =>
    capacity.withWorker(
      ([worker]) => {
        worker?.to('opening')
        return worker && Promise.resolve(workers.indexOf(worker))
      },
      signal,
      priority,
    )
  return { capacity, workers, ask }
}

/** Lets everything settle that waits only for promises. */
async function rest(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0)
}

async function startedBench(limits?: Partial<Options>) {
  const bench = open(limits)
  bench.capacity.grow()
  bench.workers[0]?.becomeReady()
  await rest()
  return bench
}

describe('a turn', () => {
  test('gets a ready worker at once, and alone', async () => {
    const { ask, workers, capacity } = await startedBench()
    expect(await ask()).toBe(0)
    const second = ask()
    await rest()
    expect(capacity.waiting).toBe(1)
    workers[0]?.to('settling')
    expect(await second).toBe(0)
  })

  test('leaves no listener on the signal of its client, which may live longer', async () => {
    const { ask } = await startedBench()
    const { signal } = new AbortController()
    await ask(signal)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('has a worker started if there is none', async () => {
    const { ask, workers } = open()
    const asked = ask()
    await rest()
    expect(workers).toHaveLength(1)
    workers[0]?.becomeReady()
    expect(await asked).toBe(0)
    expect(workers[0]?.warmUps, 'no warm-up in the way of a turn').toBe(0)
  })

  test('keeps the program running until a worker is started for it', async () => {
    const { ask, workers } = open()
    const timers: NodeJS.Timeout[] = []
    const { setTimeout } = globalThis
    // Not `vi.spyOn`: restored, it leaves the fake function in place of the real one.
    globalThis.setTimeout = ((...args: Parameters<typeof setTimeout>) => {
      const timer = setTimeout(...args)
      timers.push(timer)
      return timer
    }) as typeof setTimeout
    void ask()
    globalThis.setTimeout = setTimeout
    expect(timers.some((timer) => timer.hasRef())).toBe(true)
    await rest()
    expect(workers).toHaveLength(1)
  })

  test('has one more started soon while there are fewer workers than cores', async () => {
    const { ask, workers } = await startedBench({ cores: 2 })
    await ask()
    void ask()
    await vi.advanceTimersByTimeAsync(29)
    expect(workers).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(workers).toHaveLength(2)
  })

  test('has no other started while the line moves quickly, and one if it stops', async () => {
    const { ask, workers } = await startedBench({ maxProcesses: 8 })
    const turn = async (milliseconds: number): Promise<void> => {
      await vi.advanceTimersByTimeAsync(milliseconds)
      workers[0]?.to('settling')
    }
    await ask()
    await turn(20)
    void Promise.all(Array.from({ length: 12 }, () => ask()))
    for (let index = 0; index < 10; index += 1) await turn(20)
    expect(workers, 'the last waited 200 ms').toHaveLength(1)
    await vi.advanceTimersByTimeAsync(119)
    expect(workers).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(workers).toHaveLength(2)
  })

  test('has others started after a set wait if turns take long', async () => {
    const { ask, workers } = await startedBench({ maxProcesses: 8 })
    await ask()
    await vi.advanceTimersByTimeAsync(3000)
    // Meanwhile one was started ahead of need.
    workers[1]?.becomeReady()
    workers[0]?.to('settling')
    void Promise.all(Array.from({ length: 12 }, () => ask()))
    await vi.advanceTimersByTimeAsync(119)
    expect(workers).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(workers).toHaveLength(3)
  })

  test('has one more started only if no worker becomes free for a while', async () => {
    const { ask, workers } = await startedBench()
    await ask()
    void ask()
    await vi.advanceTimersByTimeAsync(100)
    expect(workers).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(50)
    expect(workers).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1000)
    expect(workers, 'one turn, one start').toHaveLength(2)
  })

  test('gets the first free worker, also if another was started for it', async () => {
    const { ask, workers } = await startedBench()
    await ask()
    const second = ask()
    await vi.advanceTimersByTimeAsync(200)
    workers[0]?.to('settling')
    expect(await second).toBe(0)
    workers[1]?.becomeReady()
    await rest()
    expect(workers[1]?.warmUps).toBe(1)
  })

  test('of a batch comes after all others', async () => {
    const { ask, workers } = await startedBench({ maxProcesses: 1 })
    await ask()
    const order: string[] = []
    const batch = ask(stay(), 'batch').then(() => order.push('batch'))
    const other = ask().then(() => order.push('interactive'))
    workers[0]?.to('settling')
    await other
    workers[0]?.to('settling')
    await batch
    expect(order).toEqual(['interactive', 'batch'])
  })
})

test('the line is reported when a turn has to wait, and when its wait is over', async () => {
  const lines: number[] = []
  const { workers, capacity, ask } = await startedBench({
    maxProcesses: 1,
    onLine: () => lines.push(capacity.waiting),
  })
  await ask()
  // A turn that is served at once is never reported as a waiting one.
  expect(lines).toEqual([0])
  const second = ask()
  expect(lines).toEqual([0, 1])
  workers[0]?.becomeReady()
  await second
  expect(lines).toEqual([0, 1, 0])
})

describe('a turn that gets no worker', () => {
  test('fails with 529 after queueTimeout', async () => {
    const { ask } = await startedBench({ maxProcesses: 1, queueTimeout: 1000 })
    await ask()
    const failed = ask().catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(1000)
    expect(await failed).toMatchObject({ type: 'overloaded_error', retryAfter: 5 })
  })

  test('fails at once if the line is full', async () => {
    const { ask, capacity } = await startedBench({ maxProcesses: 1, queueLimit: 1 })
    await ask()
    void ask()
    await expect(ask()).rejects.toMatchObject({ type: 'overloaded_error' })
    expect(capacity.waiting).toBe(1)
  })

  test('leaves the line when its client leaves, and starts nothing if that was before', async () => {
    const { ask, capacity, workers } = await startedBench({ maxProcesses: 1 })
    await ask()
    const leaving = new AbortController()
    const left = ask(leaving.signal).catch((error: unknown) => error)
    leaving.abort()
    expect(await left).toMatchObject({ status: 499 })
    expect(capacity.waiting).toBe(0)
    const empty = open()
    await expect(empty.ask(AbortSignal.abort())).rejects.toMatchObject({ status: 499 })
    await vi.advanceTimersByTimeAsync(10_000)
    expect([empty.workers.length, workers.length]).toEqual([0, 1])
  })

  test('fails when the proxy stops', async () => {
    const { ask, capacity, workers } = await startedBench({ maxProcesses: 1 })
    await ask()
    const failed = ask().catch((error: unknown) => error)
    capacity.close(stopping())
    expect(await failed).toMatchObject({ message: 'The proxy is stopping.' })
    await expect(ask()).rejects.toMatchObject({ message: 'The proxy is stopping.' })
    expect(workers[0]?.cause).toBe('the proxy stopped')
  })

  test('fails with the reason if processes can not be started, after two tries', async () => {
    const { ask, workers } = open()
    const failed = ask().catch((error: unknown) => error)
    await rest()
    workers[0]?.close('it is broken')
    workers[0]?.exit.resolve()
    await rest()
    expect(workers).toHaveLength(2)
    workers[1]?.close('it is broken')
    expect(await failed).toMatchObject({ message: 'it is broken' })
  })

  test('fails at once if the only process does not start in time', async () => {
    const { ask, workers } = open()
    const failed = ask().catch((error: unknown) => error)
    await rest()
    workers[0]?.close('it hangs', new ApiError('timeout_error', 'it hangs'))
    expect(await failed).toMatchObject({ type: 'timeout_error', message: 'it hangs' })
    expect(workers).toHaveLength(1)
  })

  test('fails if the system has no room for a process, and the next one is tried again', async () => {
    let isFull = true
    const { ask, workers } = open({}, () => {
      if (isFull) throw new Error('EAGAIN')
      return new FakeWorker(() => {})
    })
    const failed = ask().catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(10)
    expect(await failed).toMatchObject({
      message: 'The Claude Code runtime could not be started.',
      cause: { message: 'EAGAIN' },
    })
    isFull = false
    void ask().catch(() => {})
    await vi.advanceTimersByTimeAsync(10)
    expect(workers.length).toBeGreaterThan(0)
  })
})

describe('room', () => {
  test('a worker has its ticket until its process is gone', async () => {
    const { ask, workers, capacity } = await startedBench({ maxProcesses: 1 })
    workers[0]?.close('it died')
    void ask()
    await vi.advanceTimersByTimeAsync(10_000)
    expect([capacity.tickets, workers.length]).toEqual([1, 1])
    workers[0]?.exit.resolve()
    await rest()
    expect([capacity.tickets, workers.length]).toEqual([1, 2])
  })

  test('is made by ending the least valuable worker if no available one fits', async () => {
    const { capacity, workers } = await startedBench({ maxProcesses: 1 })
    const picky = capacity.withWorker((available) => {
      const fit = available.find((worker) => worker !== workers[0])
      fit?.to('opening')
      return fit && Promise.resolve(workers.indexOf(fit))
    }, stay())
    await rest()
    expect(workers[0]?.cause).toBe('its place was needed')
    workers[0]?.exit.resolve()
    await rest()
    workers[1]?.becomeReady()
    expect(await picky).toBe(1)
  })

  test('a ticket for another process counts, and is returned', async () => {
    const { capacity, ask, workers } = await startedBench({ maxProcesses: 2 })
    const giveBack = await capacity.ticket(stay())
    expect(capacity.tickets).toBe(2)
    await ask()
    void ask()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(workers).toHaveLength(1)
    giveBack()
    await rest()
    expect(workers).toHaveLength(2)
  })

  test('a waiting ticket is given when an idle worker has ended', async () => {
    const { capacity, workers } = await startedBench({ maxProcesses: 1 })
    const ticket = capacity.ticket(stay())
    await rest()
    workers[0]?.exit.resolve()
    await ticket
    expect([workers[0]?.cause, capacity.tickets]).toEqual(['its place was needed', 1])
  })

  test('tickets never exceed the limit, and no turn waits beside a free worker', async () => {
    // A random walk over all possible events, made by a small generator of its own.
    let seed = 7
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % below
    }
    const { capacity, workers, ask } = open({ maxProcesses: 3, queueLimit: 1000 })
    for (let step = 0; step < 3000; step += 1) {
      const worker = workers[random(Math.max(1, workers.length))]
      const action = random(8)
      if (action < 2) ask().catch(() => {})
      else if (action === 2) await vi.advanceTimersByTimeAsync(random(500))
      else if (worker?.stage === 'starting') worker.becomeReady()
      else if (worker?.stage === 'opening') worker.to('asking')
      else if (worker?.stage === 'asking') {
        worker.to((['settling', 'held', 'recovering'] as const)[random(3)] ?? 'held')
      } else if (worker?.stage === 'settling' || worker?.stage === 'recovering') worker.to('ready')
      else if (worker?.stage === 'ended') worker.exit.resolve()
      else if (random(10) === 0) worker?.close('it died')
      await rest()
      expect(capacity.tickets).toBeLessThanOrEqual(3)
      const isFree = [...capacity.workers].some(({ isAvailable }) => isAvailable)
      expect(isFree && capacity.waiting > 0, `step ${step}`).toBe(false)
    }
    expect(workers.length).toBeGreaterThan(3)
  })
})

describe('workers that no turn uses', () => {
  test('are not started ahead of need beyond the limit, nor beside a starting one', async () => {
    const { capacity, workers } = open({ maxProcesses: 2 })
    for (const count of [1, 1]) {
      capacity.grow()
      expect(workers).toHaveLength(count)
    }
    workers[0]?.becomeReady()
    await rest()
    capacity.grow()
    workers[1]?.becomeReady()
    await rest()
    capacity.grow()
    expect(workers).toHaveLength(2)
  })

  test('are started ahead, one at a time, while all are busy for a while', async () => {
    const { ask, workers } = await startedBench()
    await ask()
    await vi.advanceTimersByTimeAsync(500)
    expect(workers).toHaveLength(2)
  })

  test('end after idleTimeout, but the last one only forgets', async () => {
    const { ask, workers } = await startedBench({ idleTimeout: 1000 })
    await ask()
    await vi.advanceTimersByTimeAsync(500)
    workers[1]?.becomeReady()
    workers[0]?.to('ready')
    await vi.advanceTimersByTimeAsync(1500)
    const causes = workers.map(({ cause }) => cause)
    expect(causes.filter((cause) => cause === 'it was idle for long enough')).toHaveLength(1)
    expect(workers.reduce((sum, { forgotten }) => sum + forgotten, 0)).toBe(1)
  })

  test('end sooner if they hold no conversation', async () => {
    const { ask, workers } = await startedBench({ idleTimeout: 300_000, maxProcesses: 3 })
    await Promise.all([ask(), vi.advanceTimersByTimeAsync(500)])
    workers[1]?.becomeReady()
    await Promise.all([ask(), vi.advanceTimersByTimeAsync(500)])
    workers[2]?.becomeReady()
    workers[0]?.transcript.add({ role: 'user', lineage: 'kept' })
    for (const worker of workers.slice(0, 2)) worker.to('ready')
    await vi.advanceTimersByTimeAsync(31_000)
    expect(workers.map(({ cause }) => cause)).toEqual([
      undefined,
      'it was idle for long enough',
      'it was idle for long enough',
    ])
  })

  test('cancel their held calls after holdTimeout', async () => {
    const { ask, workers } = await startedBench({ holdTimeout: 1000 })
    await ask()
    workers[0]?.to('held')
    await vi.advanceTimersByTimeAsync(999)
    expect(workers[0]?.forgotten).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(workers[0]?.forgotten).toBe(1)
  })

  test('are replaced when they are worn out', async () => {
    const { ask, workers } = await startedBench()
    const [first] = workers
    if (first) first.wear = 'it grew too large'
    const asked = ask()
    await rest()
    expect(first?.cause).toBe('it grew too large')
    workers[1]?.becomeReady()
    expect(await asked).toBe(1)
  })

  test('are all replaced if the login changes', async () => {
    const { workers, capacity } = await startedBench()
    capacity.renew('another login')
    await rest()
    expect(workers[0]?.cause).toBe('another login')
    await vi.advanceTimersByTimeAsync(1000)
    expect(workers, 'one stays warm').toHaveLength(2)
  })
})
