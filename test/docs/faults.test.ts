import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

import { ACTS } from '../contract/faults/faults.ts'
import { BETWEEN } from '../contract/faults/table.ts'
import { linesBetween } from './markdown.ts'

const FAULTS = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8')

test('the table has every tested fault, with the expected result', () => {
  const rows = linesBetween(FAULTS, ...BETWEEN)
    .trim()
    .split('\n')
    .slice(2)
  const expected = Object.values(ACTS).flatMap(({ faults }) =>
    faults.map(({ stage, fault, gets }) => `| ${stage} | ${fault} | ${gets} |`),
  )
  expect(rows.map((row) => row.replace(/ (?:[\d.]+|`\w+`) \| nothing \|$/, ''))).toEqual(expected)
})
