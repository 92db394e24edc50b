import { closeSync, openSync } from 'node:fs'

import { symbols } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { createLogger } from './log.ts'
import { LogOutput, type LogSystem } from './log-output.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code })
}

/** A file on a disk that has room for so many bytes, or whose writes fail with a code. */
function file() {
  const state = { text: '', room: Infinity, code: undefined as string | undefined, writes: 0 }
  const asked: (() => void)[] = []
  const put = (bytes: Uint8Array): number => {
    state.writes += 1
    if (state.code !== undefined) throw failure(state.code)
    if (state.room === 0) throw failure('ENOSPC')
    const taken = bytes.subarray(0, state.room)
    state.room -= taken.length
    state.text += Buffer.from(taken).toString()
    return taken.length
  }
  const system: LogSystem = {
    write: (_descriptor, bytes, done) => {
      asked.push(() => {
        try {
          done(null, put(bytes))
        } catch (error) {
          done(error as NodeJS.ErrnoException, 0)
        }
      })
    },
    writeSync: (_descriptor, bytes) => put(bytes),
  }
  /** Lets the system finish its calls. */
  const work = (): void => {
    for (let next = asked.shift(); next !== undefined; next = asked.shift()) next()
  }
  return { state, work, output: new LogOutput(1, system) }
}

test('lines are written in order, and waiting lines in one write', () => {
  const { state, work, output } = file()
  for (const line of ['one\n', 'two\n', 'three\n']) output.write(line)
  work()
  expect(state).toMatchObject({ text: 'one\ntwo\nthree\n', writes: 2 })
})

test('a full disk loses lines, and later lines are written once there is room', () => {
  const { state, work, output } = file()
  state.room = 0
  output.write('lost\n')
  work()
  output.write('lost too\n')
  work()
  state.room = 100
  output.write('kept\n')
  work()
  expect(state.text).toBe('kept\n')
})

test('after half a line the next one begins on a new line', () => {
  const { state, output, work } = file()
  state.room = 3
  output.write('half\n')
  work()
  state.room = 100
  output.write('next\n')
  work()
  expect(state.text).toBe('hal\nnext\n')
})

test('a full pipe is tried again', async () => {
  const { state, work, output } = file()
  state.code = 'EAGAIN'
  output.write('kept\n')
  work()
  state.code = undefined
  await vi.advanceTimersByTimeAsync(1000)
  work()
  expect(state.text).toBe('kept\n')
})

test('unread output fills the memory only up to a limit', () => {
  const { state, work, output } = file()
  const line = `${'x'.repeat(999_999)}\n`
  for (let count = 0; count < 50; count += 1) output.write(line)
  work()
  expect(state.text.length).toBeLessThan(10_000_000)
})

test('at the end waiting lines are written, or dropped at once', () => {
  const { state, output } = file()
  output.write('under way\n')
  output.write('waits\n')
  output.flush()
  expect(state.text).toBe('waits\n')
  state.code = 'ENOSPC'
  output.write('lost\n')
  output.flush()
  expect(state).toMatchObject({ text: 'waits\n', writes: 2 })
})

test('the log of the command uses this output', () => {
  const logger = createLogger('INFO', false) as unknown as Record<symbol, unknown>
  expect(logger[symbols.streamSym]).toBeInstanceOf(LogOutput)
})

test.skipIf(process.platform !== 'linux').each([true, false])(
  'a program continues if the disk of its log is full (terminal: %s)',
  async (isTerminal) => {
    vi.useRealTimers()
    const full = openSync('/dev/full', 'w')
    const logger = createLogger('INFO', isTerminal, new LogOutput(full))
    for (const word of ['one', 'two']) {
      logger.info(word)
      await new Promise((resolve) => void setTimeout(resolve, 20))
    }
    closeSync(full)
  },
)
