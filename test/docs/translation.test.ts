import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

import { codeSpans, fences, linkTargets, tables, withoutFences } from './markdown.ts'

const ENGLISH = read('README.md')
const CHINESE = read('README_CN.md')

function read(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8')
}

/** The text of each section under a heading of the second level, and what stands before the first. */
function sections(text: string): string[] {
  // Fenced blocks are taken out: a line in them may begin like a heading.
  return withoutFences(text).split(/^## /m)
}

function levels(text: string): number[] {
  return [...withoutFences(text).matchAll(/^(#+) /gm)].map(([, marks = '']) => marks.length)
}

/** What a translation leaves as it is, sorted: the order of words is the language's. */
function untranslated(text: string): string[] {
  return codeSpans(text).toSorted()
}

/** Where links lead to: names of headings are translated, and so is the other README's. */
function targets(text: string): string[] {
  const kept = linkTargets(text).map((target) =>
    target.startsWith('#') ? '#' : target.replace('README_CN.md', 'README.md'),
  )
  return kept.toSorted()
}

/** What a reader of any language has to find in a section. */
function facts(section: string): object {
  return {
    points: [...section.matchAll(/^ *(?:[-*]|\d+\.) /gm)].length,
    code: untranslated(section),
    links: targets(section),
  }
}

/** The code in each cell of each table. */
function codeInCells(text: string): string[][][] {
  return tables(text).map((rows) =>
    rows.map((cells) => cells.map((cell) => untranslated(cell).join())),
  )
}

describe('README_CN.md', () => {
  test('has the headings of README.md, level by level', () => {
    expect(levels(CHINESE)).toEqual(levels(ENGLISH))
    expect(levels(ENGLISH).length).toBeGreaterThan(10)
  })

  test('has its blocks of code, word for word', () => {
    expect(fences(CHINESE)).toEqual(fences(ENGLISH))
    expect(fences(ENGLISH).length).toBeGreaterThan(5)
  })

  test('has its tables, with the same rows, columns and code in each cell', () => {
    expect(codeInCells(CHINESE)).toEqual(codeInCells(ENGLISH))
    expect(tables(ENGLISH).length).toBeGreaterThan(3)
  })

  test('says as much in each section: points, code and links', () => {
    expect(sections(CHINESE).map(facts)).toEqual(sections(ENGLISH).map(facts))
  })

  test('is Chinese in every section', () => {
    const letters = sections(CHINESE).map((section) => [...section.matchAll(/\p{Script=Han}/gu)])
    expect(letters.filter((found) => found.length < 20)).toEqual([])
  })
})
