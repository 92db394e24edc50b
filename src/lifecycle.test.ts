import { getEventListeners } from 'node:events'

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { Deferred } from './deferred.ts'
import { Lifecycle, type LifecycleSteps, type Port } from './lifecycle.ts'

/** A lifecycle whose steps are recorded. Ports are counted: 1, 2, … */
function open(steps: Partial<LifecycleSteps> = {}) {
  const done: string[] = []
  const openPorts = new Set<number>()
  const onError = vi.fn<(error: unknown) => void>()
  let ports = 0
  const listen = (): Promise<Port> => {
    ports += 1
    const port = ports
    openPorts.add(port)
    const close = (): void => void openPorts.delete(port)
    done.push('listen')
    return Promise.resolve({ port, close: () => Promise.resolve(close()), cut: close })
  }
  const step = (name: string) => (): Promise<void> => {
    done.push(name)
    return Promise.resolve()
  }
  const lifecycle = new Lifecycle({
    start: step('start'),
    listen,
    stop: step('stop'),
    release: step('release'),
    drainTimeout: 60_000,
    onError,
    ...steps,
  })
  return { lifecycle, done, openPorts, onError, listen }
}

test('a life from start to end has all stages, each once', async () => {
  const { lifecycle, done, openPorts } = open()
  expect(lifecycle.stage).toBe('starting')
  await lifecycle.start()
  expect(lifecycle.stage).toBe('ready')
  expect(await lifecycle.listen()).toMatchObject({ port: 1 })
  expect(lifecycle.stage).toBe('listening')
  const closed = lifecycle.close()
  expect(lifecycle.stage).toBe('draining')
  await closed
  expect(lifecycle.stage).toBe('closed')
  expect(done).toEqual(['start', 'listen', 'stop', 'release'])
  expect([...openPorts]).toEqual([])
})

describe('listen()', () => {
  test.each(['at once', 'later'])('twice, %s, opens one port', async (when) => {
    const { lifecycle, openPorts } = open()
    await lifecycle.start()
    const first = lifecycle.listen()
    if (when === 'later') await first
    const second = lifecycle.listen()
    expect([(await first).port, (await second).port]).toEqual([1, 1])
    expect([...openPorts]).toEqual([1])
    await lifecycle.close()
    expect([...openPorts]).toEqual([])
  })

  test('may be called again after a failure', async () => {
    const taken = new Error('EADDRINUSE')
    const attempts = [() => Promise.reject(taken)]
    const { lifecycle, listen } = open({ listen: () => (attempts.shift() ?? listen)() })
    await lifecycle.start()
    await expect(lifecycle.listen()).rejects.toBe(taken)
    expect(lifecycle.stage).toBe('ready')
    expect(await lifecycle.listen()).toMatchObject({ port: 1 })
    await lifecycle.close()
  })

  test('after close() is refused, and opens nothing', async () => {
    const { lifecycle, openPorts, done } = open()
    await lifecycle.start()
    await lifecycle.close()
    await expect(lifecycle.listen()).rejects.toThrow('closed')
    expect([...openPorts]).toEqual([])
    expect(done).not.toContain('listen')
  })

  test('during close() is refused, and opens nothing', async () => {
    const { lifecycle, openPorts } = open()
    await lifecycle.start()
    const end = lifecycle.begin()
    const closed = lifecycle.close()
    await expect(lifecycle.listen()).rejects.toThrow('closed')
    end()
    await closed
    expect([...openPorts]).toEqual([])
  })

  test('is awaited by a close() in the middle, which closes its port', async () => {
    const opening = new Deferred<void>()
    const { lifecycle, openPorts, listen } = open({
      listen: async () => {
        await opening.promise
        return listen()
      },
    })
    await lifecycle.start()
    const listening = expect(lifecycle.listen()).rejects.toThrow('closed')
    const closed = lifecycle.close()
    opening.resolve()
    await listening
    await closed
    expect([...openPorts]).toEqual([])
  })
})

describe('a start', () => {
  test('that fails leaves nothing, and throws the reason', async () => {
    const reason = new Error('no runtime')
    const { lifecycle, done } = open({ start: () => Promise.reject(reason) })
    await expect(lifecycle.start()).rejects.toBe(reason)
    expect(done).toEqual(['stop', 'release'])
    expect(lifecycle.stage).toBe('closed')
  })

  test.each(['before it', 'while it goes on'])(
    'that is aborted %s leaves nothing',
    async (when) => {
      const leaving = new AbortController()
      const reason = new Error('SIGTERM')
      if (when === 'before it') leaving.abort(reason)
      const { lifecycle, done } = open({ start: () => new Promise(() => {}) })
      const started = lifecycle.start(leaving.signal)
      leaving.abort(reason)
      await expect(started).rejects.toBe(reason)
      expect(done).toEqual(['stop', 'release'])
      expect(lifecycle.stage).toBe('closed')
    },
  )

  test('that has ended can not be aborted any more', async () => {
    const leaving = new AbortController()
    const { lifecycle, done } = open()
    await lifecycle.start(leaving.signal)
    // A signal may outlive many proxies.
    expect(getEventListeners(leaving.signal, 'abort')).toEqual([])
    leaving.abort()
    expect(lifecycle.stage).toBe('ready')
    expect(done).toEqual(['start'])
  })
})

describe('close()', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  test('waits for what is in flight, and accepts nothing new', async () => {
    const { lifecycle, done } = open()
    await lifecycle.start()
    const counted = new Deferred<number>()
    const ends = [lifecycle.begin(), lifecycle.begin()]
    const during = lifecycle.during(() => counted.promise)
    const closed = lifecycle.close()

    expect(() => lifecycle.begin()).toThrow('stopping')
    await expect(lifecycle.during(() => Promise.resolve())).rejects.toMatchObject({
      status: 529,
      retryAfter: 5,
    })
    for (const end of ends) end()
    await vi.advanceTimersByTimeAsync(1000)
    expect(done).toEqual(['start'])
    counted.resolve(3)
    expect(await during).toBe(3)
    await closed
    expect(done).toEqual(['start', 'stop', 'release'])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('does not wait for a request that has failed', async () => {
    const { lifecycle } = open()
    await lifecycle.start()
    await expect(lifecycle.during(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await lifecycle.close()
  })

  test('waits for the drain time at most', async () => {
    const { lifecycle, done } = open({ drainTimeout: 30_000 })
    await lifecycle.start()
    lifecycle.begin()
    const closed = lifecycle.close()
    await vi.advanceTimersByTimeAsync(29_999)
    expect(done).toEqual(['start'])
    await vi.advanceTimersByTimeAsync(1)
    await closed
    expect(done).toEqual(['start', 'stop', 'release'])
  })

  test('disconnects clients that read nothing, once requests would be cut too', async () => {
    const cut = vi.fn<() => void>()
    const port = { port: 1, close: () => new Promise<void>(() => {}), cut }
    const { lifecycle, done } = open({ listen: () => Promise.resolve(port) })
    await lifecycle.start()
    await lifecycle.listen()
    const closed = lifecycle.close()
    await vi.advanceTimersByTimeAsync(59_999)
    expect(cut).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await closed
    expect(cut).toHaveBeenCalledTimes(1)
    expect(done.at(-1)).toBe('release')
  })

  test('returns one promise to all its callers', async () => {
    const { lifecycle, done } = open()
    await lifecycle.start()
    await Promise.all([lifecycle.close(), lifecycle.close()])
    await lifecycle.close()
    expect(done).toEqual(['start', 'stop', 'release'])
  })

  test('never rejects: a failed step is reported, and the other steps still run', async () => {
    const failures = [new Error('stop'), new Error('release')]
    const { lifecycle, onError } = open({
      stop: () => Promise.reject(failures[0]),
      release: () => Promise.reject(failures[1]),
    })
    await lifecycle.start()
    await lifecycle.close()
    expect(onError.mock.calls.flat()).toEqual(failures)
    expect(lifecycle.stage).toBe('closed')
  })
})
