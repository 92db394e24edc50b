import { readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { Examples } from '../../scripts/anthropic-examples.ts'
import { anthropicTypes, declarationsIn } from '../../scripts/anthropic-types.ts'
import { rows } from '../contract/exactness/rows.ts'
import { documentedTable } from '../contract/exactness/table.ts'

test('the table of docs/exactness.md has everything that the SDK has, and nothing else', () => {
  const documented = [...documentedTable()].flatMap(([group, names]) =>
    [...names.keys()].map((name) => `${group}: ${name}`),
  )
  const expected = rows().map(({ group, name }) => `${group}: ${name}`)
  expect(documented.toSorted()).toEqual(expected.toSorted())
})

test('the table has only known outcomes', () => {
  const outcomes = [...documentedTable().values()].flatMap((names) =>
    [...names.values()].flatMap(({ whole, turns }) => [whole, turns]),
  )
  expect(
    outcomes.filter((outcome) => !/^(?:passes|other: .+|refused \(\d+\))$/.test(outcome)),
  ).toEqual([])
})

describe('types are read from declarations', () => {
  const types = declarationsIn(`
    import { A } from './a.js';
    export declare class Messages extends APIResource { create(body: A): B<C>; }
    /** A comment with 'quotes' and { braces }. */
    export type Part = Text | Picture;
    export interface Text { text: string; type: 'text'; marks?: Array<'a' | 'b'> | null; }
    interface Picture extends Sized { type: 'picture'; by?: { [key: string]: unknown }; }
    export interface Sized { size: number; }
    export declare namespace Text { interface Inner { of: Text; } }
  `)
  const examples = new Examples(types)

  test('with the members of unions and all their fields', () => {
    expect(examples.membersOf('Part')).toEqual([
      { text: 'text_made_up', type: 'text', marks: ['a'] },
      { size: 1, type: 'picture', by: { made_up: {} } },
    ])
  })

  test('with those in namespaces', () => {
    expect(examples.fieldsOf('Text.Inner').map(({ name }) => name)).toEqual(['of'])
  })

  test('and a missing type is an error', () => {
    expect(() => examples.fieldsOf('Gone')).toThrow('Gone')
  })
})

test("each field of a request is found under the SDK's own name for it", () => {
  const source = readFileSync(
    'node_modules/@anthropic-ai/sdk/resources/beta/messages/messages.d.ts',
    'utf8',
  )
  const [, body = ''] =
    /interface MessageCreateParamsBase \{\n([\s\S]*?)\n\}/.exec(
      source.replaceAll(/\/\*[\s\S]*?\*\//g, ''),
    ) ?? []
  const named = [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, name]) => name)
  const fields = new Examples(anthropicTypes()).fieldsOf('MessageCreateParamsBase')
  expect(fields.map(({ name }) => name)).toEqual(named)
})
