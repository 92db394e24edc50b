import type { TurnRecord } from '../../src/observe/turn-record.ts'

/** A turn that succeeded. */
export function turnRecord(overrides: Partial<TurnRecord> = {}): TurnRecord {
  return {
    at: Date.parse('2026-03-04T05:06:07Z'),
    id: 'req_1',
    lane: 'open',
    model: 'claude-sonnet-4-6',
    outcome: 'whole',
    status: 200,
    firstEventMs: 200,
    totalMs: 1000,
    tokens: { input: 21, output: 55, cacheRead: 34, cacheCreation: 12 },
    ...overrides,
  }
}
