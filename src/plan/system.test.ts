import { expect, test } from 'vitest'

import { systemText } from './system.ts'

test('a string becomes the prompt unchanged', () => {
  expect(systemText('  Be brief.\n')).toBe('  Be brief.\n')
  expect(systemText('')).toBe('')
})

test('blocks are joined by a blank line', () => {
  const blocks = ['Be brief.', 'Be kind.\n'].map((text) => ({ type: 'text' as const, text }))
  expect(systemText(blocks)).toBe('Be brief.\n\nBe kind.\n')
})

test('an absent system prompt stays absent', () => {
  expect(systemText(undefined)).toBe('')
  expect(systemText([])).toBe('')
})

test.each([
  'x-anthropic-billing-header: cc_version=9; cc_entrypoint=cli;',
  "You are Claude Code, Anthropic's official CLI for Claude.",
  "You are a Claude agent, built on Anthropic's Claude Agent SDK.",
])("a prompt that would replace the runtime's own is kept apart from it: %s", (text) => {
  expect(systemText(text)).toBe(`\n${text}`)
  expect(systemText([{ type: 'text', text }])).toBe(`\n${text}`)
})
