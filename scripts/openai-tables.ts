import { readFileSync, writeFileSync } from 'node:fs'

import { documentedFields, expectedFields, FIELD_TABLES, type FieldTable } from './openai-fields.ts'
import { type OpenaiNames, openaiNames } from './openai-types.ts'

/*
 * Updates the tables of docs/openai.md for the installed `openai` package: adds rows with empty
 * cells for new fields, and removes rows of removed fields. A test fails while a cell is empty.
 */

const DOCUMENT = 'docs/openai.md'

/** @returns the document with a row for each name; existing rows are unchanged */
export function withTables(document: string, names: OpenaiNames): string {
  const responses = Object.entries(names).reduce(
    (text, [key, known]) => withTable(text, `responses ${key}`, known),
    document,
  )
  return FIELD_TABLES.reduce(
    (text, table) => withTable(text, table.title, inOrderOf(text, table)),
    responses,
  )
}

/** Existing rows keep their order, which some tables define themselves. */
function inOrderOf(document: string, table: FieldTable): string[] {
  const known = expectedFields(table)
  const kept = documentedFields(document, table.title).filter((name) => known.includes(name))
  return [...kept, ...known.filter((name) => !kept.includes(name))]
}

function withTable(document: string, title: string, known: readonly string[]): string {
  const [begin, end] = [`<!-- ${title} -->`, `<!-- end of ${title} -->`]
  const [before = '', rest = ''] = document.split(begin)
  const [table = '', after = ''] = rest.split(end)
  const lines = table.trim().split('\n')
  const rows = new Map(lines.slice(2).map((line) => [nameIn(line), line]))
  const written = known.map((name) => rows.get(name) ?? `| \`${name}\` | | |`)
  return `${before}${begin}\n\n${[...lines.slice(0, 2), ...written].join('\n')}\n\n${end}${after}`
}

function nameIn(line: string): string {
  return /^\| `([^`]+)`/.exec(line)?.[1] ?? ''
}

if (process.argv[1]?.endsWith('openai-tables.js')) {
  writeFileSync(DOCUMENT, withTables(readFileSync(DOCUMENT, 'utf8'), openaiNames()))
}
