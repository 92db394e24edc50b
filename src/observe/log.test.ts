import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'

import { expect, test } from 'vitest'

import { createLogger, silentLogger } from './log.ts'
import { logTurn } from './turn-log.ts'
import type { TurnRecord } from './turn-record.ts'

test.each(['ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE'])('the level %s is known', (level) => {
  for (const isTerminal of [false, true]) {
    expect(createLogger(level, isTerminal).level).toBe(level.toLowerCase())
  }
})

test('an embedded proxy logs nothing', () => {
  const logger = silentLogger()
  expect(logger.isLevelEnabled('fatal')).toBe(false)
})

const TURN_RECORD: TurnRecord = {
  at: 0,
  id: 'req_1',
  upstreamId: 'req_2',
  lane: 'open',
  model: 'claude-sonnet-4-6',
  outcome: 'whole',
  status: 200,
  firstEventMs: 210,
  totalMs: 1340,
  tokens: { input: 21, output: 55, cacheRead: 34, cacheCreation: 12 },
}

function written(isTerminal: boolean, turn: TurnRecord): string {
  let text = ''
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  logTurn(createLogger('INFO', isTerminal, destination), turn)
  return stripVTControlCharacters(text)
}

test('a turn is one line of JSON', () => {
  const text = written(false, TURN_RECORD)
  expect(text.trim().split('\n')).toHaveLength(1)
  expect(JSON.parse(text)).toEqual({
    level: 30,
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    msg: 'turn',
    id: 'req_1',
    upstreamId: 'req_2',
    lane: 'open',
    model: 'claude-sonnet-4-6',
    outcome: 'whole',
    status: 200,
    firstEventMs: 210,
    totalMs: 1340,
    inputTokens: 21,
    outputTokens: 55,
    cachedTokens: 34,
    cacheWrittenTokens: 12,
  })
})

test('on a terminal a turn is one line for people', () => {
  expect(written(true, TURN_RECORD)).toMatch(
    /^\[\d\d:\d\d:\d\d\] INFO: open claude-sonnet-4-6 200 · first event 0\.21s · 1\.34s total · tokens 21 in, 55 out, 34 cached · req_1 → req_2\n$/,
  )
})

test('a failed turn is a warning with the reason', () => {
  const { firstEventMs: _, upstreamId: __, ...turn } = TURN_RECORD
  const failed = { ...turn, outcome: 'error', status: 529, reason: 'Overloaded' } as const
  expect(written(true, failed)).toContain(
    'WARN: open claude-sonnet-4-6 529 · error: Overloaded · 1.34s total',
  )
  expect(JSON.parse(written(false, failed))).toMatchObject({ level: 40, outcome: 'error' })
  const wrong = { ...failed, status: 400 }
  expect(JSON.parse(written(false, wrong))).toMatchObject({ level: 30, outcome: 'error' })
})
