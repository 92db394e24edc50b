import { pino } from 'pino'
import { expect, test } from 'vitest'

import { turnRecord } from '../../test/support/turn-records.ts'
import { logWithTail, type LogEvent, LogTail } from './log-tail.ts'
import { logTurn } from './turn-log.ts'

const NOW = Date.parse('2026-03-04T05:06:07Z')

const anyone = (): Promise<void> => Promise.resolve()

function tailed(level: string) {
  const written: string[] = []
  const tail = new LogTail()
  const logger = pino({ level }, { write: (line) => void written.push(line) })
  return { written, tail, log: logWithTail(logger, tail, () => NOW) }
}

/** The lines of the next event of a reader. */
async function linesOf(reader: AsyncIterator<LogEvent, void>): Promise<string[]> {
  const { value } = await reader.next()
  if (!value) throw new Error('The stream has ended.')
  return value.lines.map(({ level, text }) => `${level} ${text}`)
}

test('a line is written to the log, and kept as text', async () => {
  const { written, tail, log } = tailed('info')
  log.warn({ err: new Error('the disk is full') }, 'usage is not kept')
  log.info({ id: 'req_1', left_out: ['seed'] }, 'left out of the request')
  logTurn(log, turnRecord())
  expect(written).toHaveLength(3)
  expect(await linesOf(tail.watch(anyone))).toEqual([
    'warn usage is not kept · the disk is full',
    'info left out of the request · id: req_1 · left_out: ["seed"]',
    'info open claude-sonnet-4-6 200 · first event 0.20s · 1.00s total · tokens 21 in, 55 out, 34 cached · req_1',
  ])
})

test('a line that the log does not write is kept, unless it is for debugging', async () => {
  const { written, tail, log } = tailed('silent')
  log.debug({ cause: 'idle' }, 'worker ended')
  log.error({}, 'unexpected error')
  expect(written).toEqual([])
  expect(await linesOf(tail.watch(anyone))).toEqual(['error unexpected error'])
  const chatty = tailed('debug')
  chatty.log.debug({ cause: 'idle' }, 'worker ended')
  expect(await linesOf(chatty.tail.watch(anyone))).toEqual(['debug worker ended · cause: idle'])
})

test('text of others becomes one line without control characters', async () => {
  const { tail, log } = tailed('info')
  log.warn({ err: new Error('two\nlines\u001B[31m') }, 'failed')
  expect(await linesOf(tail.watch(anyone))).toEqual(['warn failed · two lines [31m'])
})

test('a reader gets the kept lines first, then each new line once', async () => {
  const { tail, log } = tailed('info')
  for (let index = 0; index < 300; index += 1) log.info({}, `line ${index}`)
  const reader = tail.watch(anyone)
  const kept = await linesOf(reader)
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([200, 'info line 100', 'info line 299'])
  log.info({}, 'one more')
  log.info({}, 'and another')
  expect(await linesOf(reader)).toEqual(['info one more', 'info and another'])
  tail.close()
  expect(await reader.next()).toEqual({ done: true, value: undefined })
})

test('a reader that may no longer read gets no further line', async () => {
  const { tail, log } = tailed('info')
  let mayRead = true
  const reader = tail.watch(() => {
    return mayRead ? Promise.resolve() : Promise.reject(new Error('The key was removed.'))
  })
  expect(await linesOf(reader)).toEqual([])
  mayRead = false
  log.info({}, 'a secret')
  await expect(reader.next()).rejects.toThrow('The key was removed.')
})
