import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest'

import type { StreamEvent } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { ClientLeft } from '../refusals.ts'
import { encodeEvent, type EventSource, PING, sseStream } from './sse.ts'

const PING_INTERVAL = 15_000

/** The value that a test gets instead of a chunk at the end of the stream. */
const END = '(end)'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('encodeEvent', () => {
  it('writes the type and the JSON, each in one line', () => {
    const event = {
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: 'a' },
    }
    expect(encodeEvent(event)).toBe(
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}\n\n',
    )
  })

  it('keeps a text with every kind of line break in one line', () => {
    const text = 'a\nb\r\nc\rd\u2028e\u2029f\u0085g\n\nevent: error\ndata: {}'
    const event = { type: 'x', text }
    const [name, data, ...rest] = encodeEvent(event).split(/\r\n|\r|\n/)
    expect([name, ...rest]).toEqual(['event: x', '', ''])
    expect(JSON.parse(data?.slice('data: '.length) ?? '')).toEqual(event)
  })

  test.each(['', 'a b', 'a\nevent: b', 'a\r', 'a\n', 'ä', 'a:b'])('refuses the type %j', (type) => {
    expect(() => encodeEvent({ type })).toThrow('Not a valid event name')
  })

  test.each(['ping', 'message_start', 'Event-2.x'])('takes the type %j', (type) => {
    expect(encodeEvent({ type })).toContain(`event: ${type}\n`)
  })

  it('has a ping in the spelling of the API', () => {
    expect(PING).toBe('event: ping\ndata: {"type": "ping"}\n\n')
  })
})

type Answer = IteratorResult<StreamEvent, undefined>

/** A source that answers when the test tells it to, and counts its calls. */
class Source implements AsyncIterable<StreamEvent, undefined> {
  asked = 0
  returned = 0
  failsToStop: Error | undefined
  #answer: { resolve: (answer: Answer) => void; reject: (error: unknown) => void } | undefined;

  [Symbol.asyncIterator](): AsyncIterator<StreamEvent, undefined> {
    return {
      next: () => {
        this.asked += 1
        return new Promise<Answer>((resolve, reject) => {
          this.#answer = { resolve, reject }
        })
      },
      return: () => {
        this.returned += 1
        return this.failsToStop
          ? Promise.reject(this.failsToStop)
          : Promise.resolve({ done: true, value: undefined })
      },
    }
  }

  give(type: string): void {
    this.#answer?.resolve({ done: false, value: { type } })
  }

  end(): void {
    this.#answer?.resolve({ done: true, value: undefined })
  }

  fail(error: unknown): void {
    this.#answer?.reject(error)
  }
}

async function* eventsOf(types: string[], error?: unknown): AsyncGenerator<StreamEvent> {
  for (const type of types) yield { type }
  if (error !== undefined) throw error
}

function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(stream).text()
}

async function chunkFrom(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const { done, value } = await reader.read()
  return done ? END : new TextDecoder().decode(value)
}

/** Reads without end; the returned list has the chunks so far. */
function collect(stream: ReadableStream<Uint8Array>): string[] {
  const seen: string[] = []
  const reader = stream.getReader()
  async function readOn(): Promise<void> {
    for (;;) {
      const chunk = await chunkFrom(reader)
      if (chunk === END) return
      seen.push(chunk)
    }
  }
  void readOn()
  return seen
}

/** Lets everything run that is ready to run. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0)
}

function readySource(types: string[]): EventSource {
  const left = types.map((type) => ({ type }))
  return {
    ready: () => left.shift(),
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.resolve({ done: true, value: undefined }),
    }),
  }
}

describe('sseStream', () => {
  it('gives the events in order and ends', async () => {
    const stream = sseStream(eventsOf(['message_start', 'message_stop']), {
      pingInterval: PING_INTERVAL,
    })
    expect(await textOf(stream)).toBe(
      'event: message_start\ndata: {"type":"message_start"}\n\n' +
        'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    )
    expect(vi.getTimerCount()).toBe(0)
  })

  it('gives an empty stream for a source without events', async () => {
    expect(await textOf(sseStream(eventsOf([]), { pingInterval: PING_INTERVAL }))).toBe('')
  })

  it('asks the source for an event only when the consumer asks for bytes', async () => {
    const source = new Source()
    const reader = sseStream(source, { pingInterval: PING_INTERVAL }).getReader()
    await settle()
    expect(source.asked).toBe(0)
    const first = chunkFrom(reader)
    await settle()
    expect(source.asked).toBe(1)
    source.give('a')
    expect(await first).toContain('event: a\n')
    await vi.advanceTimersByTimeAsync(10 * PING_INTERVAL)
    expect(source.asked).toBe(1)
    const second = chunkFrom(reader)
    await settle()
    expect(source.asked).toBe(2)
    source.end()
    expect(await second).toBe(END)
  })

  describe('pings', () => {
    it('come after each interval of silence, and not before', async () => {
      const source = new Source()
      const seen = collect(sseStream(source, { pingInterval: PING_INTERVAL }))
      await vi.advanceTimersByTimeAsync(PING_INTERVAL - 1)
      expect(seen).toEqual([])
      await vi.advanceTimersByTimeAsync(1)
      expect(seen).toEqual([PING])
      await vi.advanceTimersByTimeAsync(PING_INTERVAL)
      expect(seen).toEqual([PING, PING])
      expect(source.asked).toBe(1)
      source.give('a')
      await settle()
      expect(seen).toEqual([PING, PING, encodeEvent({ type: 'a' })])
    })

    it('count the silence from the last event', async () => {
      const source = new Source()
      const seen = collect(sseStream(source, { pingInterval: PING_INTERVAL }))
      await vi.advanceTimersByTimeAsync(PING_INTERVAL - 1)
      source.give('a')
      await vi.advanceTimersByTimeAsync(PING_INTERVAL - 1)
      expect(seen).toEqual([encodeEvent({ type: 'a' })])
      await vi.advanceTimersByTimeAsync(1)
      expect(seen).toEqual([encodeEvent({ type: 'a' }), PING])
    })

    it('do not accumulate for a consumer that stopped reading', async () => {
      const source = new Source()
      const reader = sseStream(source, { pingInterval: PING_INTERVAL }).getReader()
      const first = chunkFrom(reader)
      await vi.advanceTimersByTimeAsync(PING_INTERVAL)
      expect(await first).toBe(PING)
      await vi.advanceTimersByTimeAsync(100 * PING_INTERVAL)
      source.give('a')
      await settle()
      expect(await chunkFrom(reader)).toBe(PING)
      expect(await chunkFrom(reader)).toBe(encodeEvent({ type: 'a' }))
    })

    it('do not come at all with an interval of 0', async () => {
      const source = new Source()
      const seen = collect(sseStream(source, { pingInterval: 0 }))
      expect(vi.getTimerCount()).toBe(0)
      await vi.advanceTimersByTimeAsync(PING_INTERVAL)
      expect(seen).toEqual([])
    })
  })

  describe('an error of the source', () => {
    it('becomes an error event after the sent events, and the stream closes', async () => {
      const onError = vi.fn<(error: unknown) => void>()
      const error = new ApiError('overloaded_error', 'Overloaded', { requestId: 'req_1' })
      const stream = sseStream(eventsOf(['a'], error), { pingInterval: PING_INTERVAL, onError })
      expect(await textOf(stream)).toBe(
        'event: a\ndata: {"type":"a"}\n\n' +
          'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}\n\n',
      )
      expect(onError).not.toHaveBeenCalled()
      expect(vi.getTimerCount()).toBe(0)
    })

    it('gets the id of the request if it has none', async () => {
      const error = new ApiError('api_error', 'Broken')
      const options = { pingInterval: PING_INTERVAL, requestId: 'req_ours' }
      expect(await textOf(sseStream(eventsOf([], error), options))).toContain(
        '"request_id":"req_ours"',
      )
    })

    it('is reported and not shown if it is not an ApiError', async () => {
      const onError = vi.fn<(error: unknown) => void>()
      const error = new TypeError('secret is undefined')
      const stream = sseStream(eventsOf(['a'], error), { pingInterval: PING_INTERVAL, onError })
      expect(await textOf(stream)).toBe(
        'event: a\ndata: {"type":"a"}\n\n' +
          'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"Internal server error"},"request_id":null}\n\n',
      )
      expect(onError.mock.calls).toEqual([[error]])
      expect(vi.getTimerCount()).toBe(0)
    })

    it('does not need a listener', async () => {
      const stream = sseStream(eventsOf([], new Error('x')), { pingInterval: PING_INTERVAL })
      expect(await textOf(stream)).toContain('Internal server error')
    })

    it('may be an event that can not be written: the source is stopped', async () => {
      const source = new Source()
      const onError = vi.fn<(error: unknown) => void>()
      const text = textOf(sseStream(source, { pingInterval: PING_INTERVAL, onError }))
      await settle()
      source.give('a\nevent: b')
      expect(await text).toMatch(/^event: error\n.*Internal server error.*\n\n$/)
      expect(source.returned).toBe(1)
      expect(onError).toHaveBeenCalledOnce()
      expect(vi.getTimerCount()).toBe(0)
    })
  })

  describe('a consumer that leaves', () => {
    it('stops the source at once and once, also while it waits for an event', async () => {
      const source = new Source()
      const reader = sseStream(source, { pingInterval: PING_INTERVAL }).getReader()
      const read = chunkFrom(reader)
      await settle()
      const cancelled = reader.cancel()
      expect(source.returned).toBe(1)
      expect(vi.getTimerCount()).toBe(0)
      await cancelled
      expect(await read).toBe(END)
      await reader.cancel()
      expect(source.returned).toBe(1)
      expect(source.asked).toBe(1)
    })

    it('stops a source that was never read', async () => {
      const source = new Source()
      await sseStream(source, { pingInterval: PING_INTERVAL }).cancel()
      expect([source.asked, source.returned]).toEqual([0, 1])
    })

    it('runs the clean-up of a generator', async () => {
      const cleanUp = vi.fn<() => void>()
      async function* endless(): AsyncGenerator<StreamEvent> {
        try {
          for (;;) yield { type: 'a' }
        } finally {
          cleanUp()
        }
      }
      const reader = sseStream(endless(), { pingInterval: PING_INTERVAL }).getReader()
      await chunkFrom(reader)
      expect(cleanUp).not.toHaveBeenCalled()
      await reader.cancel()
      expect(cleanUp).toHaveBeenCalledOnce()
    })

    test.each<[string, (source: Source) => void]>([
      ['an event', (source) => source.give('a')],
      ['the end', (source) => source.end()],
      ['an error', (source) => source.fail(new Error('stopped'))],
    ])('gets nothing of a late %s, nor does anyone else', async (_, answer) => {
      const source = new Source()
      const onError = vi.fn<(error: unknown) => void>()
      const reader = sseStream(source, { pingInterval: PING_INTERVAL, onError }).getReader()
      const read = chunkFrom(reader)
      await settle()
      await reader.cancel()
      answer(source)
      await settle()
      expect(await read).toBe(END)
      expect(onError).not.toHaveBeenCalled()
      expect(source.returned).toBe(1)
    })

    it('gets no error if the source fails to stop, but the listener does', async () => {
      const source = new Source()
      source.failsToStop = new Error('stuck')
      const onError = vi.fn<(error: unknown) => void>()
      await sseStream(source, { pingInterval: PING_INTERVAL, onError }).cancel()
      expect(onError.mock.calls).toEqual([[source.failsToStop]])
    })
  })

  describe('a client that has left', () => {
    it('gets a stream that fails with the reason, so that it does not look complete', async () => {
      const onError = vi.fn<(error: unknown) => void>()
      const left = new ClientLeft(new Error('aborted by the program'))
      const stream = sseStream(eventsOf(['a'], left), { pingInterval: PING_INTERVAL, onError })
      const reader = stream.getReader()
      expect(await chunkFrom(reader)).toBe(encodeEvent({ type: 'a' }))
      await expect(reader.read()).rejects.toThrow('aborted by the program')
      expect(onError).not.toHaveBeenCalled()
      expect(vi.getTimerCount()).toBe(0)
    })
  })

  describe('a stream that nobody reads', () => {
    it('asks the source for nothing and holds no timer', async () => {
      const source = new Source()
      sseStream(source, { pingInterval: PING_INTERVAL })
      await vi.advanceTimersByTimeAsync(10 * PING_INTERVAL)
      expect(vi.getTimerCount()).toBe(0)
      expect(source.asked).toBe(0)
    })

    it('holds no timer after its first event either', async () => {
      const source = new Source()
      const reader = sseStream(source, { pingInterval: PING_INTERVAL }).getReader()
      const first = chunkFrom(reader)
      await settle()
      source.give('a')
      await first
      expect(vi.getTimerCount()).toBe(0)
    })
  })

  describe('events that are there already', () => {
    it('share a chunk', async () => {
      const stream = sseStream(readySource(['a', 'b', 'c']), { pingInterval: PING_INTERVAL })
      const chunks = collect(stream)
      await settle()
      expect(chunks).toEqual([['a', 'b', 'c'].map((type) => encodeEvent({ type })).join('')])
    })

    it('go out even if one of them can not be written', async () => {
      const onError = vi.fn<(error: unknown) => void>()
      const source = readySource(['a', 'b\n', 'c'])
      const text = await textOf(sseStream(source, { pingInterval: PING_INTERVAL, onError }))
      expect(text.startsWith(encodeEvent({ type: 'a' }))).toBe(true)
      expect(text).toContain('event: error\n')
      expect(text).not.toContain('event: c')
      expect(onError).toHaveBeenCalledOnce()
    })
  })
})
