import { describe, expect, test } from 'vitest'

import { hashOf } from './client-key.ts'
import { keysIn, nameOnLine } from './keys-text.ts'

const HASH = hashOf('made-up-key')

function read(...lines: string[]) {
  return keysIn(lines.join('\n'), 'keys')
}

test('a line has a name, a key or its hash, and limits', () => {
  const limited = `ann = ${HASH} requests_per_minute=60 tokens_per_day=2000000 models=claude-sonnet-*,claude-haiku-*`
  expect(read(limited, 'bob = plain-key  # of the other team', '', '# a comment')).toEqual([
    {
      name: 'ann',
      owner: 'name:ann',
      digest: Buffer.from(HASH.slice(7), 'hex'),
      text: undefined,
      limits: {
        requestsPerMinute: 60,
        tokensPerDay: 2_000_000,
        models: ['claude-sonnet-*', 'claude-haiku-*'],
      },
    },
    expect.objectContaining({ name: 'bob', owner: 'name:bob', text: 'plain-key', limits: {} }),
  ])
})

test('keys may have no name; they are counted together and their data stay apart', () => {
  const [one, two] = read('key-one', 'key-two')
  expect([one?.name, two?.name]).toEqual(['default', 'default'])
  expect(one?.owner).not.toBe(two?.owner)
  expect(JSON.stringify([one?.owner, two?.owner])).not.toContain('key-')
})

test('a key may end like Base64, with a name and without', () => {
  expect(read('aGk=', 'ann = aGkh==').map(({ text }) => text)).toEqual(['aGk=', 'aGkh=='])
})

test('a name may have several keys, whose data belong together', () => {
  const [old, young] = read('ann = old models=a', 'ann = new models=a')
  expect(old?.owner).toBe(young?.owner)
})

describe('a line is refused, and not quoted', () => {
  test.each([
    ['ann=hush', 'it is not clear whether this is a key or a key with its name; write name = key'],
    ['hush hush', 'this is not a valid key'],
    ['sha256:hush', 'a hash needs a name'],
    ['ann = sha256:hush', 'a hash is sha256: and 64 hexadecimal digits'],
    [
      'ann = hush colour=red',
      'there is no such limit; the limits are requests_per_minute, tokens_per_day, models',
    ],
    [
      'ann = hush request_per_minute=1',
      'there is no such limit; did you mean requests_per_minute?',
    ],
    ['ann = hush models', 'models must be names'],
    ['ann = hush models=a,,b', 'models must be names'],
    ['ann = hush tokens_per_day=1 tokens_per_day=2', 'tokens_per_day is given twice'],
    ['ann = hush requests_per_minute=0', 'requests_per_minute must be a whole number from 1 up'],
    ['ann = hush tokens_per_day=1e6', 'tokens_per_day must be a whole number from 1 up'],
    ['-ann = hush', 'a name has 1 to 64'],
    ['default = hush', 'the name default is reserved for keys without a name'],
    ['ann = grün', 'this is not a valid key'],
  ])('%s', (line, problem) => {
    expect(() => read('first-key', line)).toThrow(`keys:2: ${problem}`)
    expect(() => read('first-key', line)).toThrow(/^(?!.*hush)/s)
  })

  test('also because of an earlier line', () => {
    expect(() => read('ann = hush', 'bob = hush')).toThrow(
      'keys:2: this key is already on an earlier line',
    )
    expect(() => read('ann = hush', 'ann = hush-2 models=a')).toThrow(
      'keys:2: an earlier line of this name has other limits',
    )
  })

  test('and all wrong lines are reported at once', () => {
    expect(() => read('a b', 'fine', 'c d')).toThrow(/^keys:1: .*\nkeys:3: /)
  })
})

test('the name of a key on a line is found', () => {
  const lines = ['ann = key', 'ann= key', 'key==', 'key', '# ann = key', '']
  expect(lines.map(nameOnLine)).toEqual(['ann', 'ann', undefined, undefined, undefined, undefined])
})
