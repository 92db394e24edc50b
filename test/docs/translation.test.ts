import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

import { codeSpans, fences, linkTargets, tables, withoutFences } from './markdown.ts'

const README = { english: 'README.md', chinese: 'README_CN.md' }
const CONFIGURATION = { english: 'docs/configuration.md', chinese: 'docs/zh/configuration.md' }
const PAIRS = [README, CONFIGURATION]

function read(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8')
}

/** The text of each section under a heading of the second level, and the text before the first. */
function sections(text: string): string[] {
  // Fenced blocks are taken out: a line in them may begin like a heading.
  return withoutFences(text).split(/^## /m)
}

function levels(text: string): number[] {
  return [...withoutFences(text).matchAll(/^(#+) /gm)].map(([, marks = '']) => marks.length)
}

/**
 * The parts that a translation keeps unchanged, sorted, because languages differ in the order of
 * words.
 */
function untranslated(text: string): string[] {
  return codeSpans(text).toSorted()
}

/**
 * The targets of a document's links, without the names of headings, which are translated, as some
 * documents are.
 */
function targets(text: string, document: string): string[] {
  const kept = linkTargets(text).map((target) => {
    if (target.startsWith('#')) return '#'
    if (target.startsWith('https://')) return target
    const path = join(dirname(document), target)
    const pair = PAIRS.find(({ english, chinese }) =>
      [english, chinese].includes(path.split('#', 1)[0] ?? ''),
    )
    return pair?.english ?? path
  })
  return kept.toSorted()
}

/** The parts of a section that every language must have. */
function facts(section: string, document: string): object {
  return {
    points: [...section.matchAll(/^ *(?:[-*]|\d+\.) /gm)].length,
    code: untranslated(section),
    links: targets(section, document),
  }
}

/** The code in each cell of each table. */
function codeInCells(text: string): string[][][] {
  return tables(text).map((rows) =>
    rows.map((cells) => cells.map((cell) => untranslated(cell).join())),
  )
}

describe.each(PAIRS)('$chinese', ({ english: englishName, chinese: chineseName }) => {
  const english = read(englishName)
  const chinese = read(chineseName)

  test('has the headings of the English document, level by level', () => {
    expect(levels(chinese)).toEqual(levels(english))
    expect(levels(english)).not.toEqual([])
  })

  test('has the same blocks of code', () => {
    expect(fences(chinese)).toEqual(fences(english))
  })

  test('has its tables, with the same rows, columns and code in each cell', () => {
    expect(codeInCells(chinese)).toEqual(codeInCells(english))
    expect(tables(english)).not.toEqual([])
  })

  test('has the same number of points, blocks of code and links in each section', () => {
    const [told, expected] = [
      sections(chinese).map((section) => facts(section, chineseName)),
      sections(english).map((section) => facts(section, englishName)),
    ]
    expect(told).toEqual(expected)
  })

  test('is Chinese in every section', () => {
    const letters = sections(chinese).map((section) => [...section.matchAll(/\p{Script=Han}/gu)])
    expect(letters.filter((found) => found.length < 20)).toEqual([])
  })
})
