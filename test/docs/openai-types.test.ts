import { readFileSync } from 'node:fs'
import type { Tool } from 'openai/resources/responses/responses'
import { expect, test } from 'vitest'

import { withTables } from '../../scripts/openai-tables.ts'
import { openaiNames } from '../../scripts/openai-types.ts'
import { emptyResponse } from '../../src/openai/responses/reply.ts'
import { ToolNames } from '../../src/openai/responses/tool-names.ts'
import { toolsetOf } from '../../src/openai/responses/toolset.ts'
import { linesBetween, tables } from './markdown.ts'

/* The tables of the Responses API, as OpenAI's library has it. */

const DOCUMENT = readFileSync('docs/openai.md', 'utf8')
const NAMES = openaiNames()

function rowsOf(key: string): Map<string, string> {
  const text = linesBetween(
    DOCUMENT,
    `<!-- responses ${key} -->`,
    `<!-- end of responses ${key} -->`,
  )
  const [table = []] = tables(`${text.trim()}\n`)
  return new Map(table.slice(1).map(([name = '', what = '']) => [name.replaceAll('`', ''), what]))
}

test.each(Object.entries(NAMES))('each of the %s has exactly one row', (key, names) => {
  expect(names.length).toBeGreaterThan(10)
  expect([...rowsOf(key).keys()]).toEqual(names)
})

test.each([
  ['tools', ['offered', 'left out']],
  ['items', ['read', 'left out']],
  ['events', ['sent', 'never']],
  ['response', ['sent', 'absent']],
])('each row of the %s has a known outcome', (key, words) => {
  expect([...rowsOf(key).values()].filter((what) => !words.includes(what))).toEqual([])
})

test('the script keeps tables that are up to date, and adds a row for each new entry', () => {
  expect(rowsIn(withTables(DOCUMENT, NAMES))).toEqual(rowsIn(DOCUMENT))
  const more = { ...NAMES, tools: [...NAMES.tools, 'made_up'] }
  expect(withTables(DOCUMENT, more)).toContain('| `made_up` | | |')
})

function rowsIn(document: string): string[] {
  return document.split('\n').filter((line) => line.startsWith('| `'))
}

test('the documented events are those of the translation', () => {
  const source = readFileSync('src/openai/responses/stream.ts', 'utf8')
  // Two of the names are one template in the source.
  const written = source.replace(
    "response.mcp_call.${block.is_error ? 'failed' : 'completed'}`",
    "'response.mcp_call.failed' 'response.mcp_call.completed'",
  )
  for (const [name, what] of rowsOf('events')) {
    expect([name, written.includes(`'${name}'`)]).toEqual([name, what === 'sent'])
  }
})

test('the documented tools are those of the translation', () => {
  const needed: Record<string, object> = {
    computer_use_preview: { display_width: 1, display_height: 1 },
    custom: { name: 'a' },
    function: { name: 'a' },
    mcp: { server_label: 'a', server_url: 'https://a.example/', require_approval: 'never' },
    namespace: { name: 'a', tools: [{ type: 'function', name: 'b' }] },
  }
  for (const [type, what] of rowsOf('tools')) {
    const tool = { type, ...needed[type] } as Tool
    const { tools } = toolsetOf([{ tool, place: 'tools[0]' }], 'claude-sonnet-5-5')
    expect([type, tools.length]).toEqual([type, what === 'offered' ? 1 : 0])
  }
})

test('the documented fields are in every response', () => {
  const request = { input: 'Go.', user: 'a' }
  const head = { id: 'resp_1', request, createdAt: 0, names: new ToolNames() }
  const sent = Object.keys(emptyResponse('any', head))
  for (const [field, what] of rowsOf('response')) {
    expect([field, sent.includes(field)]).toEqual([field, what === 'sent'])
  }
})
