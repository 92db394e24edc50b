import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { CARRIER } from '../../support/carrier.ts'

/*
 * The table of docs/exactness.md: the outcome for everything in the SDK's types. Names with the
 * same outcome share a row. `npm run exactness` writes it; without that, tests compare with it.
 */

const DOCUMENT = fileURLToPath(new URL('../../../docs/exactness.md', import.meta.url))

/** Whether the table is written in this run. */
export const IS_WRITING = process.env['EXACTNESS_TABLE'] === '1'

type Outcomes = { whole: string; turns: string }
type Table = Map<string, Map<string, Outcomes>>

/** The outcomes by group and name, as the document has them. */
export function documentedTable(document = readFileSync(DOCUMENT, 'utf8')): Table {
  const table: Table = new Map()
  for (const line of partOf(document, 'sdk table').split('\n')) {
    const [, group, names, whole, turns] = line.split('|').map((cell) => cell.trim())
    if (!group || !names?.startsWith('`') || whole === undefined || turns === undefined) continue
    const known = table.get(group) ?? new Map<string, Outcomes>()
    for (const [, name = ''] of names.matchAll(/`([^`]+)`/g)) known.set(name, { whole, turns })
    table.set(group, known)
  }
  return table
}

export type Found = { group: string; name: string; outcome: string }

/**
 * Writes the outcomes for this run's carrier into the document, and removes names that the SDK no
 * longer has.
 */
export function writeTable(found: readonly Found[]): void {
  const document = readFileSync(DOCUMENT, 'utf8')
  const before = documentedTable(document)
  const lines = [...groupBy(found, ({ group }) => group)].flatMap(([group, ofGroup]) => {
    const outcomes = ofGroup.map(({ name, outcome }) => {
      const known = before.get(group)?.get(name) ?? { whole: '?', turns: '?' }
      return { name, ...known, [CARRIER]: outcome }
    })
    const rows = groupBy(outcomes, ({ whole, turns }) => `${whole} | ${turns}`)
    return [...rows].map(([cells, members]) => {
      const names = members.map(({ name }) => `\`${name}\``).join(', ')
      return `| ${group} | ${names} | ${cells} |`
    })
  })
  writeFileSync(DOCUMENT, withPart(document, 'sdk table', [HEAD, ...lines].join('\n')))
}

function groupBy<Member>(
  members: readonly Member[],
  keyOf: (member: Member) => string,
): Map<string, Member[]> {
  const groups = new Map<string, Member[]>()
  for (const member of members) {
    const key = keyOf(member)
    groups.set(key, [...(groups.get(key) ?? []), member])
  }
  return groups
}

const HEAD = '| of | names | API key, cloud | subscription |\n| --- | --- | --- | --- |'

/** Writes lines of the document's table of added characters. */
export function writeCharacters(
  column: 'whole' | 'turns',
  counts: ReadonlyMap<string, number>,
): void {
  const document = readFileSync(DOCUMENT, 'utf8')
  const before = documentedCharacters(document)
  const lines = [...counts].map(([model, count]) => {
    const known = { whole: '?', turns: '?', ...before.get(model), [column]: String(count) }
    return `| ${model} | ${known.whole} | ${known.turns} |`
  })
  const head = '| model | API key, cloud | subscription |\n| --- | ---: | ---: |'
  writeFileSync(DOCUMENT, withPart(document, 'characters', [head, ...lines].join('\n')))
}

/** Added characters, by model. */
export function documentedCharacters(
  document = readFileSync(DOCUMENT, 'utf8'),
): Map<string, Outcomes> {
  const rows = partOf(document, 'characters').matchAll(
    /^\| (claude-\S+) +\| +(\S+) \| +(\S+) \|$/gm,
  )
  return new Map(
    [...rows].map(([, model = '', whole = '', turns = '']) => [model, { whole, turns }]),
  )
}

function markersOf(part: string): [begin: string, end: string] {
  return [`<!-- ${part} -->`, `<!-- end of ${part} -->`]
}

function partOf(document: string, part: string): string {
  const [begin, end] = markersOf(part)
  return document.split(begin)[1]?.split(end)[0] ?? ''
}

function withPart(document: string, part: string, text: string): string {
  const [begin, end] = markersOf(part)
  const [before = '', rest = ''] = document.split(begin)
  return `${before}${begin}\n\n${text}\n\n${end}${rest.split(end)[1] ?? ''}`
}
