import { describe, expect, test } from 'vitest'

import { ApiError } from '../errors.ts'
import { MAX_DEPTH, MAX_KEYS, MAX_VALUES } from './json-limits.ts'
import { parseJson } from './parse-json.ts'

/** The refusal of the text, and the largest part of it that was read without a pause. */
async function refusalOf(text: string): Promise<string> {
  const error: unknown = await parseJson(text).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ApiError)
  expect(error).toMatchObject({ type: 'invalid_request_error', status: 400 })
  return (error as ApiError).message
}

/** Longer than the texts that are parsed at once. */
const LARGE = 200_000

/** The same JSON, as a small text and as one that is read in steps. */
const SIZES = [
  ['small', ''],
  ['large', ' '.repeat(LARGE)],
] as const

describe.each(SIZES)('a %s text', (_name, space) => {
  test('returns its value', async () => {
    const text = ' {"a":[1,-0.5e3,"é",null,true,false],"b":{},"c":[]}\n'
    const value = { a: [1, -500, 'é', null, true, false], b: {}, c: [] }
    expect(await parseJson(space + text)).toEqual(value)
  })

  test('returns the last of equal keys, which is also the one sent upstream', async () => {
    const body = await parseJson(`${space}{"a":1,"b":2,"a":3}`)
    expect(JSON.stringify(body)).toBe('{"a":3,"b":2}')
  })

  test('changes no prototype with its __proto__', async () => {
    const body = (await parseJson(`${space}{"__proto__":{"polluted":1}}`)) as object
    expect(Object.getPrototypeOf(body)).toBe(Object.prototype)
    expect(Object.keys(body)).toEqual(['__proto__'])
  })

  test.each(['', ' \r\n\t'])('that is empty is refused as empty (%j)', async (text) => {
    expect(await refusalOf(space + text)).toBe(
      'The request body is empty; a JSON object was expected',
    )
  })

  test.each([
    '{',
    '[',
    '"',
    '-',
    '01',
    '1.',
    '.5',
    '+1',
    '1e',
    'tru',
    'nulL',
    'hello',
    '\u00a01',
    '{"a":1}}',
    '[1,]',
    '[,1]',
    '{"a":1,}',
    '{"a" 1}',
    '{1:1}',
    '[1 2]',
    '[1}',
    '{"a":1]',
    "{'a':1}",
    '{"a":NaN}',
    '"\t"',
    '"\\x"',
    '"\\u12"',
    '"\\u12"3"',
    '"a\\',
    '1 2',
    '{"a"}',
  ])('that is no JSON is refused: %j', async (text) => {
    expect(await refusalOf(space + text)).toMatch(/^The request body is not valid JSON: \S/)
  })

  test.each([
    ['"\\ud800"', 'a lone surrogate in a string'],
    ['{"\\udc00":1}', 'a lone surrogate in a string'],
    ['1e400', 'a number out of range'],
    ['['.repeat(MAX_DEPTH + 1) + ']'.repeat(MAX_DEPTH + 1), 'values that are nested too deeply'],
  ])('that can not be sent on unchanged is refused: %.20s', async (text, reason) => {
    expect(await refusalOf(space + text)).toBe(`The request body holds ${reason}.`)
  })

  test('is accepted up to the maximum depth', async () => {
    const text = '['.repeat(MAX_DEPTH) + ']'.repeat(MAX_DEPTH)
    expect(JSON.stringify(await parseJson(space + text))).toBe(text)
  })
})

describe('a text that would take long is refused early', () => {
  test.each([
    ['lists in lists without end', '['.repeat(4_000_000), 'values that are nested too deeply'],
    ['objects in objects', '{"a":'.repeat(2_000_000), 'values that are nested too deeply'],
    ['values without end', `[${'0,'.repeat(MAX_VALUES + 10)}`, `more than ${MAX_VALUES} values`],
    [
      'keys without end',
      `{${Array.from({ length: MAX_KEYS + 10 }, (_, index) => `"${index}":0`).join(',')}`,
      `an object with more than ${MAX_KEYS} keys`,
    ],
  ])('%s', async (_name, text, reason) => {
    // The rest is not read: it is no JSON.
    expect(await refusalOf(text)).toBe(`The request body holds ${reason}.`)
  })
})

describe('other work continues while a large text is read', () => {
  const escapes = String.raw`\n\"\u00e9\\`
  test.each([
    ['one long string', JSON.stringify('a'.repeat(8_000_000))],
    ['a string of escapes', `"${escapes.repeat(500_000)}"`],
    ['many small values', `[${'{"a":1},'.repeat(200_000)}0]`],
    ['nothing but space', `${' '.repeat(8_000_000)}0`],
    ['many strings', JSON.stringify(Array.from({ length: 100_000 }, () => 'made up text'))],
  ])('%s', async (_name, text) => {
    let pauses = 0
    const value = await parseJson(text, () => Promise.resolve((pauses += 1)))
    expect(value).toEqual(JSON.parse(text))
    expect(pauses).toBeGreaterThanOrEqual(Math.floor(text.length / 1_000_000))
  })

  test('and many short values are read in pauses too', async () => {
    let pauses = 0
    await parseJson(`[${'0,'.repeat(400_000)}0]`, () => Promise.resolve((pauses += 1)))
    expect(pauses).toBeGreaterThan(40)
  })
})
