import { describe, expect, test } from 'vitest'

import type { ToolDefinition } from '../api/types.ts'
import { planTools } from './tools.ts'

const schema = { type: 'object', properties: { b: { type: 'string' }, a: { anyOf: [{}] } } }
const LOOK = { name: 'look', description: 'Looks.', input_schema: schema }
const WALK = { name: 'walk', description: 'Walks.', input_schema: schema }
const SEARCH = { type: 'web_search_20250305', name: 'web_search' }

describe('tools that MCP carries', () => {
  test('are told to the runtime and not put on the wire', () => {
    expect(planTools([LOOK, WALK])).toEqual({
      tools: [
        { name: 'look', description: 'Looks.', inputSchema: schema },
        { name: 'walk', description: 'Walks.', inputSchema: schema },
      ],
    })
  })

  test('keep their schema as it is', () => {
    const [tool] = planTools([LOOK]).tools
    expect(JSON.stringify(tool?.inputSchema)).toBe(JSON.stringify(schema))
  })

  test('may be none', () => {
    expect(planTools([])).toEqual({ tools: [] })
  })
})

describe('the list is put on the wire as it came', () => {
  test.each<[string, ToolDefinition[]]>([
    ['for strict', [{ ...LOOK, strict: true }]],
    ['for a cache breakpoint', [{ ...LOOK, cache_control: { type: 'ephemeral' } }]],
    ['for a field of tomorrow', [{ ...LOOK, invented_tomorrow: 1 }]],
    ['for the type custom', [{ ...LOOK, type: 'custom' }]],
    ['for a type of null', [{ ...LOOK, type: null }]],
    ['without a description', [{ name: 'look', input_schema: schema }]],
    ['for an empty description', [{ ...LOOK, description: '' }]],
    ['for a schema that is no object schema', [{ ...LOOK, input_schema: {} }]],
    ['for another order than by name', [WALK, LOOK]],
    ['for two of one name', [LOOK, LOOK]],
    ['for a server tool', [LOOK, SEARCH]],
    ['for a tool that Anthropic defined', [{ type: 'bash_20250124', name: 'bash' }]],
  ])('%s', (_name, definitions) => {
    expect(planTools(definitions).bodyTools).toBe(definitions)
  })

  test('by code units, not by the order of a language', () => {
    const upper = { ...LOOK, name: 'Zoom' }
    expect(planTools([upper, LOOK])).not.toHaveProperty('bodyTools')
    expect(planTools([LOOK, upper])).toHaveProperty('bodyTools')
  })
})

describe('the calls that the client answers', () => {
  test.each([
    ['bash_20250124', 'bash'],
    ['text_editor_20250728', 'str_replace_based_edit_tool'],
    ['computer_20251124', 'computer'],
    ['memory_20250818', 'memory'],
  ])('are those of %s', (type, name) => {
    expect(planTools([{ type, name }]).tools).toEqual([
      { name, description: '', inputSchema: { type: 'object' } },
    ])
  })

  test.each(['web_search_20250305', 'code_execution_20250522', 'mcp_toolset', 'bash_next'])(
    'are not those of %s, which the API answers',
    (type) => {
      expect(planTools([LOOK, { type, name: 'other' }]).tools.map(({ name }) => name)).toEqual([
        'look',
      ])
    },
  )

  test('are told by a schema of an object, whatever the client wrote', () => {
    const [tool] = planTools([{ name: 'look', input_schema: { anyOf: [] } }]).tools
    expect(tool).toEqual({ name: 'look', description: '', inputSchema: { type: 'object' } })
  })

  test('are of one tool where two have one name', () => {
    expect(planTools([LOOK, LOOK]).tools).toHaveLength(1)
  })
})
