import { describe, expect, test } from 'vitest'

import { requestsIn } from './request-list.ts'

const LIMITS = { body: 10_000, entry: 1000 }

async function read(text: string | Uint8Array, size = 7, limits = LIMITS): Promise<string[]> {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  async function* chunks(): AsyncIterableIterator<Uint8Array> {
    for (let start = 0; start < bytes.length; start += size) {
      yield bytes.subarray(start, start + size)
    }
  }
  const entries: string[] = []
  for await (const entry of requestsIn(chunks(), limits)) entries.push(entry)
  return entries
}

const ENTRIES = [
  { custom_id: 'a', params: { text: 'brackets ]}[{ and , "quotes" and \\ and ü 😀' } },
  { custom_id: 'b', list: [1, [2, { deep: ['x'] }]], requests: [{ no: 1 }] },
  {},
]

describe.each([1, 2, 7, 1000])('in chunks of %i bytes', (size) => {
  test.each([
    ['in the usual form', JSON.stringify({ requests: ENTRIES })],
    ['with white space', JSON.stringify({ requests: ENTRIES }, null, 3)],
    [
      'between other fields',
      JSON.stringify({ note: '"requests":[', x: { requests: [1] }, requests: ENTRIES, y: [[]] }),
    ],
  ])('entries come one by one, %s', async (_name, text) => {
    const entries = await read(text, size)
    expect(entries.map((entry) => JSON.parse(entry) as unknown)).toEqual(ENTRIES)
  })

  test.each([
    ['', /JSON/],
    ['{', /JSON/],
    ['{}', /requests: Field required/],
    ['[]', /requests: Field required/],
    ['{"requests":7}', /requests: Field required/],
    ['{"requests":[]}', /at least 1/],
    ['{"requests":[7]}', /requests.0/],
    ['{"requests":[{},]}', /requests.1/],
    ['{"requests":[,{}]}', /requests.0/],
    ['{"requests":[{}{}]}', /./],
    ['{"requests":[{} {}]}', /./],
    ['{"requests":[{}', /JSON/],
    ['{"requests":[{}]', /JSON/],
    ['{"requests":[{}]} x', /JSON/],
    ['{"requests":[{}],"requests":[{}]}', /twice/],
  ])('%s is refused', async (text, message) => {
    const asked = read(text, size).then((entries) =>
      entries.map((entry) => JSON.parse(entry) as unknown),
    )
    await expect(asked).rejects.toThrow(message)
  })
})

test('a body larger than a limit is refused', async () => {
  const large = JSON.stringify({ requests: [{ text: 'x'.repeat(2000) }] })
  await expect(read(large)).rejects.toMatchObject({ status: 413 })
  const long = JSON.stringify({ requests: Array.from({ length: 6000 }, () => ({})) })
  await expect(read(long)).rejects.toMatchObject({ status: 413 })
})

test('bytes that are no UTF-8 are refused', async () => {
  const bytes = new TextEncoder().encode('{"requests":[{"x":"?"}]}')
  bytes[bytes.indexOf(0x3f)] = 0xff
  await expect(read(bytes)).rejects.toMatchObject({
    status: 400,
    message: expect.stringMatching(/UTF-8/) as string,
  })
})
