import { expect, test } from 'vitest'

import { createLogger, silentLogger } from './log.ts'

test.each(['ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE'])('the level %s is known', (level) => {
  for (const isTerminal of [false, true]) {
    expect(createLogger(level, isTerminal).level).toBe(level.toLowerCase())
  }
})

test('an embedded proxy says nothing', () => {
  const logger = silentLogger()
  expect(logger.isLevelEnabled('fatal')).toBe(false)
})
