import { expect, test } from 'vitest'

import { toolFields } from './tool-choice.ts'

const LOOK = { name: 'look', input_schema: { type: 'object' } }

test.each([{ mode: 'auto' }, { mode: 'none' }, undefined] as const)(
  'without tools, %j is nothing to tell',
  (choice) => {
    expect(toolFields([], choice, false)).toEqual({})
  },
)

test.each([
  [{ mode: 'required' }, { type: 'any' }],
  [{ name: 'look' }, { type: 'tool', name: 'look' }],
] as const)(
  'a call that is asked for without tools goes to the API, which refuses it',
  (...pair) => {
    const [choice, toolChoice] = pair
    expect(toolFields([], choice, undefined)).toEqual({ tools: [], tool_choice: toolChoice })
  },
)

test('absent fields are left to the API', () => {
  expect(toolFields([LOOK], undefined, undefined)).toEqual({ tools: [LOOK] })
  expect(toolFields([LOOK], undefined, true)).toEqual({ tools: [LOOK] })
})

test('no tool at all can’t be one at a time', () => {
  expect(toolFields([LOOK], { mode: 'none' }, false)).toEqual({
    tools: [LOOK],
    tool_choice: { type: 'none' },
  })
})

test('with names of tools that are allowed, the others are left out', () => {
  const other = { name: 'other', input_schema: { type: 'object' } }
  const choice = { mode: 'required', names: ['look'] } as const
  expect(toolFields([LOOK, other], choice, undefined)).toEqual({
    tools: [LOOK],
    tool_choice: { type: 'any' },
  })
})
