import { expect, test } from 'vitest'

import { NO_KEY, SETUP_CLIENTS } from '../../../src/cli/setup/clients.ts'

/** A file of the page that needs no browser. */
async function part(name: string): Promise<Record<string, never>> {
  return (await import(new URL(`../../../assets/page/${name}`, import.meta.url).href)) as never
}

type Counts = Record<string, number>

const COUNTS: Counts = {
  requests: 1,
  input_tokens: 1_000_000,
  output_tokens: 1_000_000,
  cache_read_input_tokens: 1_000_000,
  cache_creation_input_tokens: 1_000_000,
}

test.each([
  ['claude-sonnet-4-6', 3 + 15 + 0.3 + 3.75],
  ['claude-opus-4-1-20250805', 15 + 75 + 1.5 + 18.75],
  ['us.anthropic.claude-opus-4-8-v1:0', 5 + 25 + 0.5 + 6.25],
  ['claude-opus-5-5', 4 + 20 + 0.2 + 5],
  ['claude-haiku-4-5-20251001', 1 + 5 + 0.1 + 1.25],
])('a million tokens of each kind of %s cost %d dollars', async (model, dollars) => {
  const { costOf } = (await part('prices.js')) as unknown as {
    costOf: (byModel: Record<string, Counts>) => { dollars: number; unknown: string[] }
  }
  expect(costOf({ [model]: COUNTS }).dollars).toBeCloseTo(dollars)
  expect(costOf({ [model]: COUNTS, other: COUNTS })).toMatchObject({ unknown: ['other'] })
})

test('the cost of a key is the sum over its models', async () => {
  const { costOf, modelsByKey } = (await part('prices.js')) as unknown as {
    costOf: (byModel: Record<string, Counts>) => { dollars: number }
    modelsByKey: (counts: Record<string, Counts>) => Record<string, Record<string, Counts>>
  }
  const byKey = modelsByKey({
    'ann claude-opus-5-5': COUNTS,
    'ann claude-haiku-4-5': COUNTS,
    'bob claude-opus-5-5': COUNTS,
    'bob a model with spaces': COUNTS,
  })
  expect(costOf(byKey['ann'] ?? {}).dollars).toBeCloseTo(29.2 + 7.35)
  expect(costOf(byKey['bob'] ?? {}).dollars).toBeCloseTo(29.2)
})

test.each([
  [
    {
      error_type: 'invalid_request_error',
      error_message: 'Third-party apps now draw from your extra usage, not your plan limits.',
    },
    /Allow extra usage/,
  ],
  [{ error_type: 'authentication_error' }, /claude-sub-proxy login/],
  [{ error_type: 'made_up_error', status: 503 }, /Try again/],
  [{ outcome: 'client left' }, /closed the connection/],
  [{ outcome: 'whole' }, /^$/],
])('the error %j has a fix', async (turn, hint) => {
  const { hintFor } = (await part('hints.js')) as unknown as { hintFor: (turn: object) => string }
  expect(hintFor({ outcome: 'error', status: 400, ...turn })).toMatch(hint)
})

test("a request in Python has Python's words for true, false and null", async () => {
  const { WRITERS } = (await part('snippets.js')) as unknown as {
    WRITERS: Record<string, (body: object, target: object) => string>
  }
  const body = { model: 'm', tools: [{ strict: true, a: false, b: null, c: {}, d: [] }] }
  const code = WRITERS['python']?.(body, { address: 'http://localhost:1', key: 'k' })
  expect(code).toContain('"strict": True,')
  expect(code).toContain('"b": None,')
  expect(code).toContain('"c": {},')
  expect(code).toContain('model="m",')
})

test('a long name is cut in the middle', async () => {
  const { middle } = (await part('format.js')) as unknown as { middle: (name: string) => string }
  expect(middle('claude-sonnet-4-6')).toBe('claude-sonnet-4-6')
  expect(middle('global.anthropic.claude-opus-4-8-20260101-v1:0')).toHaveLength(26)
  expect(middle('global.anthropic.claude-opus-4-8-20260101-v1:0')).toMatch(/^global.*….*v1:0$/)
})

test.each([
  [NO_KEY, false],
  ['your-proxy-key', true],
])(
  'the client files on the page are those of the command setup, with the key %s',
  async (key, hasKey) => {
    const { fileSettings } = (await part('client-settings.js')) as unknown as {
      fileSettings: (
        address: string,
        key: string,
        hasKey: boolean,
      ) => { name: string; setup: string; text: string; start: string }[]
    }
    const url = 'http://localhost:42069'
    const files = fileSettings(url, key, hasKey)
    expect(files.map(({ name }) => name)).toEqual(['Codex', 'opencode', 'pi', 'Continue'])
    for (const { setup, text } of files) {
      const client = SETUP_CLIENTS.find(({ name }) => name === setup)
      const written = client?.apply(undefined, { url, key, model: 'claude-sonnet-4-6' })
      expect(`${text}\n`).toBe(written?.replace(/^# [<>]{3}.*\n/gm, ''))
    }
  },
)
