import { expect, test } from 'vitest'

import { resolveModel } from './model-names.ts'

const LISTED = new Map([
  ['default', 'claude-sonnet-5-5'],
  ['opus', 'claude-opus-5-5'],
  ['haiku', 'claude-haiku-5-5'],
  ['claude-sonnet-5-5', 'claude-sonnet-5-5'],
  ['claude-opus-5-5', 'claude-opus-5-5'],
  ['claude-haiku-5-5', 'claude-haiku-5-5'],
  ['us.anthropic.claude-opus-4-8-v1:0', 'us.anthropic.claude-opus-4-8-v1:0'],
])

const ALIASES = [
  { name: 'gpt-*-mini', model: 'haiku' },
  { name: 'gpt-4*', model: 'claude-sonnet-5-5' },
  { name: 'gpt-4o', model: 'anthropic/claude-opus-4.6' },
  { name: '*-embed-*-x', model: 'opus' },
]

function resolved(name: string): string {
  return resolveModel(name, { aliases: ALIASES, listedId: (id) => LISTED.get(id) })
}

test.each([
  // Aliases: a name before any pattern, patterns in their order.
  ['gpt-4o', 'claude-opus-4-6'],
  ['gpt-4', 'claude-sonnet-5-5'],
  ['gpt-4.1', 'claude-sonnet-5-5'],
  ['gpt-4o-mini', 'haiku'],
  ['an-embed-mo-del-x', 'opus'],
  ['an-embed-x', 'an-embed-x'],
  // Names of the login's models stay.
  ['opus', 'opus'],
  ['claude-opus-5-5', 'claude-opus-5-5'],
  ['us.anthropic.claude-opus-4-8-v1:0', 'us.anthropic.claude-opus-4-8-v1:0'],
  // Spellings of routers.
  ['anthropic/claude-opus-5.5', 'claude-opus-5-5'],
  ['openrouter/anthropic/claude-sonnet-4.5:beta', 'claude-sonnet-4-5'],
  ['openrouter/claude-sonnet-4-6', 'claude-sonnet-4-6'],
  ['anthropic/claude-4.5-sonnet', 'claude-sonnet-4-5'],
  ['anthropic/claude-4-sonnet-20250522', 'claude-sonnet-4-20250522'],
  ['Claude-Haiku-4.5', 'claude-haiku-4-5'],
  // Names without a version become the login's model of that family.
  ['claude-3-5-sonnet-latest', 'claude-sonnet-5-5'],
  ['anthropic/claude-3.5-haiku', 'claude-haiku-5-5'],
  ['claude-3-opus-latest', 'claude-opus-5-5'],
  ['claude-sonnet-latest', 'claude-sonnet-5-5'],
  ['claude-opus', 'claude-opus-5-5'],
  // Everything else goes to the API.
  ['claude-3-5-sonnet-20241022', 'claude-3-5-sonnet-20241022'],
  ['claude-sonnet-4-5', 'claude-sonnet-4-5'],
  ['claude-fable-latest', 'claude-fable-latest'],
  ['openrouter/auto', 'openrouter/auto'],
  ['o3', 'o3'],
  ['', ''],
])('%s is %s', (name, model) => {
  expect(resolved(name)).toBe(model)
})
