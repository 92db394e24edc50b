import { expect, test } from 'vitest'

import { familyOf } from './model-family.ts'

test.each([
  ['claude-sonnet-4-6', 'sonnet', 406],
  ['claude-opus-5', 'opus', 500],
  ['claude-opus-5-5[1m]', 'opus', 505],
  ['claude-sonnet-4-20250514', 'sonnet', 400],
  ['claude-haiku-4-5-20251001', 'haiku', 405],
  ['claude-opus-4-10', 'opus', 410],
  ['Claude-Fable-5.1', 'fable', 501],
  ['claude-3-5-sonnet-latest', 'sonnet', 305],
  ['claude-3.7-sonnet', 'sonnet', 307],
  ['claude-3-opus-20240229', 'opus', 300],
  ['anthropic/claude-sonnet-4.5', 'sonnet', 405],
  ['us.anthropic.claude-opus-4-8-v1:0', 'opus', 408],
  ['claude-opus-4-1@20250805', 'opus', 401],
])('%s is %s, version %i', (name, family, version) => {
  expect(familyOf(name)).toEqual({ family, version })
})

test.each(['sonnet', 'default', 'gpt-4o', 'claude', 'claude-sonnet-latest', ''])(
  '%j has no version',
  (name) => {
    expect(familyOf(name)).toBeUndefined()
  },
)
