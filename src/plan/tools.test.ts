import { describe, expect, test } from 'vitest'

import type { ToolDefinition } from '../api/types.ts'
import { planTools } from './tools.ts'

const LOOK = { name: 'look', description: 'Looks.', input_schema: { type: 'object' } }
const WALK = { name: 'walk', description: 'Walks.', input_schema: { type: 'object' } }

/** The runtime's definition of a tool: enough to pass its calls on. */
function named(name: string): object {
  return { name, description: 'A tool of the client.', inputSchema: { type: 'object' } }
}

describe('the list on the wire', () => {
  test.each<[string, ToolDefinition[]]>([
    ['plain tools in any order', [WALK, LOOK]],
    ['two of one name', [LOOK, LOOK]],
    ['unknown fields', [{ ...LOOK, invented_tomorrow: 1 }]],
    ['server tools', [LOOK, { type: 'web_search_20250305', name: 'web_search' }]],
  ])("is the client's own: %s", (_name, definitions) => {
    expect(planTools(definitions).bodyTools).toBe(definitions)
  })

  test('is left to the runtime if there are no tools', () => {
    expect(planTools([])).toEqual({ tools: [] })
  })
})

describe('the calls that the client answers', () => {
  test('are those of its own tools, by name and once', () => {
    expect(planTools([LOOK, WALK, LOOK]).tools).toEqual([named('look'), named('walk')])
    expect(planTools([{ ...LOOK, type: 'custom' }]).tools).toEqual([named('look')])
    expect(planTools([{ ...LOOK, type: null }]).tools).toEqual([named('look')])
  })

  test.each([
    ['bash_20250124', 'bash'],
    ['text_editor_20250728', 'str_replace_based_edit_tool'],
    ['computer_20251124', 'computer'],
    ['memory_20250818', 'memory'],
  ])('are those of %s', (type, name) => {
    expect(planTools([{ type, name }]).tools).toEqual([named(name)])
  })

  test.each(['web_search_20250305', 'code_execution_20250522', 'mcp_toolset', 'bash_next'])(
    'do not include those of %s, which the API answers',
    (type) => {
      expect(planTools([LOOK, { type, name: 'other' }]).tools).toEqual([named('look')])
    },
  )
})
