import { readFileSync, writeFileSync } from 'node:fs'

import { type OpenaiNames, openaiNames } from './openai-types.ts'

/*
 * Brings the tables of docs/openai.md up to the installed `openai` package: rows for what is new, with
 * empty cells to fill in, and none for what is gone. A test fails while a cell is empty.
 */

const DOCUMENT = 'docs/openai.md'

/** @returns the document with a row for each name, and the rows as they were where there were any */
export function withTables(document: string, names: OpenaiNames): string {
  return Object.entries(names).reduce((text, [key, known]) => {
    const [begin, end] = [`<!-- responses ${key} -->`, `<!-- end of responses ${key} -->`]
    const [before = '', rest = ''] = text.split(begin)
    const [table = '', after = ''] = rest.split(end)
    const lines = table.trim().split('\n')
    const rows = new Map(lines.slice(2).map((line) => [nameIn(line), line]))
    const wanted = known.map((name) => rows.get(name) ?? `| \`${name}\` | | |`)
    const written = [...lines.slice(0, 2), ...wanted].join('\n')
    return `${before}${begin}\n\n${written}\n\n${end}${after}`
  }, document)
}

function nameIn(line: string): string {
  return /^\| `([^`]+)`/.exec(line)?.[1] ?? ''
}

if (process.argv[1]?.endsWith('openai-tables.js')) {
  writeFileSync(DOCUMENT, withTables(readFileSync(DOCUMENT, 'utf8'), openaiNames()))
}
