import { expect, test } from 'vitest'

import { customInput, customText, customTool } from './custom-tool.ts'

test('a custom tool has one string as input, and its description has the grammar', () => {
  const grammar = { syntax: 'lark', definition: 'start: "a"+' }
  expect(customTool({ name: 'patch', description: 'Patches.', grammar })).toEqual({
    name: 'patch',
    description: expect.stringMatching(/^Patches\.\n\n.*lark grammar.*\nstart: "a"\+$/s),
    input_schema: {
      type: 'object',
      properties: { input: { type: 'string', description: expect.any(String) } },
      required: ['input'],
      additionalProperties: false,
    },
  })
  expect(customTool({ name: 'patch' })).not.toHaveProperty('description')
})

test('the text of a custom call is the same after both translations', () => {
  expect(customText(customInput('*** Begin\n"x"'))).toBe('*** Begin\n"x"')
})

test('an input of another shape is passed on unchanged', () => {
  expect(customText({ patch: 1 })).toBe('{"patch":1}')
  expect(customText({})).toBe('{}')
})
