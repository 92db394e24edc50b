import { expect, test } from 'vitest'

import { finishReason } from './finish-reason.ts'

test.each([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['tool_use', 'tool_calls'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['pause_turn', 'length'],
  ['compaction', 'length'],
  ['refusal', 'content_filter'],
  [null, 'stop'],
] as const)('%s becomes %s', (reason, expected) => {
  expect(finishReason(reason)).toBe(expected)
})
