import { expect, test } from 'vitest'

import { apiKeyHelperIn } from './api-key-helper.ts'

const SETTINGS = JSON.stringify({ apiKeyHelper: '/bin/key', permissions: {} })

function files(known: Record<string, string>): (path: string) => string | undefined {
  return (path) => known[path]
}

test.each([
  ['the folder of the configuration', { CLAUDE_CONFIG_DIR: '/c', HOME: '/h' }, '/c/settings.json'],
  ['the home folder', { HOME: '/h' }, '/h/.claude/settings.json'],
])('the helper is read from %s', (_, env, path) => {
  expect(apiKeyHelperIn(env, files({ [path]: SETTINGS }))).toBe('/bin/key')
})

test.each([
  ['no file', undefined],
  ['no such setting', '{}'],
  ['an empty one', '{"apiKeyHelper":" "}'],
  ['one that is no text', '{"apiKeyHelper":1}'],
  ['a file that is no JSON', '{'],
  ['a file that is no object', 'null'],
])('%s has no helper', (_, text) => {
  expect(apiKeyHelperIn({ HOME: '/h' }, () => text)).toBeUndefined()
})

test('there is no helper without a home folder', () => {
  expect(apiKeyHelperIn({}, () => SETTINGS)).toBeUndefined()
})

test.each(['ANTHROPIC_API_KEY', 'CLAUDE_CODE_USE_BEDROCK'])(
  'with %s the helper is not run',
  (name) => {
    expect(apiKeyHelperIn({ HOME: '/h', [name]: '1' }, () => SETTINGS)).toBeUndefined()
  },
)
