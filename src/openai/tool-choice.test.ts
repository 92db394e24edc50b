import { expect, test } from 'vitest'

import { toolFields } from './tool-choice.ts'

const LOOK = { name: 'look', input_schema: { type: 'object' } }

test.each([{ mode: 'auto' }, { mode: 'none' }, undefined] as const)(
  'without tools, the choice %j sets nothing',
  (choice) => {
    expect(toolFields([], choice, false)).toEqual({})
  },
)

test.each([
  [{ mode: 'required' }, { type: 'any' }],
  [{ name: 'look' }, { type: 'tool', name: 'look' }],
] as const)('a forced call without tools goes to the API, which refuses it', (...pair) => {
  const [choice, toolChoice] = pair
  expect(toolFields([], choice, undefined)).toEqual({ tools: [], tool_choice: toolChoice })
})

test('absent fields stay absent', () => {
  expect(toolFields([LOOK], undefined, undefined)).toEqual({ tools: [LOOK] })
  expect(toolFields([LOOK], undefined, true)).toEqual({ tools: [LOOK] })
})

test('a choice of no tools needs no limit of one call at a time', () => {
  expect(toolFields([LOOK], { mode: 'none' }, false)).toEqual({
    tools: [LOOK],
    tool_choice: { type: 'none' },
  })
})

test('only the allowed tools of a choice are kept', () => {
  const other = { name: 'other', input_schema: { type: 'object' } }
  const choice = { mode: 'required', names: ['look'] } as const
  expect(toolFields([LOOK, other], choice, undefined)).toEqual({
    tools: [LOOK],
    tool_choice: { type: 'any' },
  })
})
