import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest'

import { Deferred } from '../../deferred.ts'
import { ConfigError } from '../config-error.ts'
import { asksForKey, keyRing, type KeySource } from './key-ring.ts'

const PATH = '/run/secrets/key'

/** A ring over a file that can be rewritten, and a clock that is set by hand. */
async function overFile(text: string | undefined | Error) {
  const lines: string[] = []
  const file = { text, reads: 0, slow: Promise.resolve() }
  let time = 0
  const keys = await keyRing(
    { proxyApiKey: undefined, keys: PATH },
    {
      readFile: async (path) => {
        expect(path).toBe(PATH)
        file.reads += 1
        await file.slow
        if (file.text instanceof Error) throw file.text
        return file.text
      },
      now: () => time,
      log: {
        info: (line) => lines.push(`info ${line}`),
        warn: (line) => lines.push(`warn ${line}`),
      },
    },
  )
  return {
    file,
    lines,
    keys: async () => (await keys?.())?.map((key) => key.text),
    wait: (milliseconds: number) => (time += milliseconds),
  }
}

function overSource(source: KeySource | undefined) {
  const log = { info: () => {}, warn: () => {} }
  const config = { proxyApiKey: source, keys: undefined }
  return keyRing(config, { readFile: () => Promise.resolve(undefined), now: () => 0, log })
}

test('without a key and a key file, no key is required', async () => {
  expect(await overSource(undefined)).toBeUndefined()
  expect(asksForKey({ proxyApiKey: undefined, keys: undefined })).toBe(false)
  expect(asksForKey({ proxyApiKey: 'a', keys: undefined })).toBe(true)
  expect(asksForKey({ proxyApiKey: undefined, keys: PATH })).toBe(true)
})

describe('from a setting', () => {
  test.each<[string, KeySource, string[]]>([
    ['a text is the key', 'a', ['a']],
    ['a function gives the key', () => 'a', ['a']],
    ['a function gives several', () => ['a', 'b'], ['a', 'b']],
    ['a function may take its time', () => Promise.resolve('a'), ['a']],
    ['an empty text is no key', () => ['', 'a'], ['a']],
    ['no key is no key', () => '', []],
  ])('%s', async (_name, source, keys) => {
    const found = await (await overSource(source))?.()
    expect(found?.map(({ text }) => text)).toEqual(keys)
  })

  test('a function is called each time', async () => {
    let key = 'before'
    const keys = await overSource(() => key)
    expect(await keys?.()).toMatchObject([{ text: 'before' }])
    key = 'after'
    expect(await keys?.()).toMatchObject([{ text: 'after' }])
  })
})

test('the key of the setting and those of the file are valid side by side', async () => {
  const keys = await keyRing(
    { proxyApiKey: 'one', keys: PATH },
    {
      readFile: () => Promise.resolve('ann = two'),
      now: () => 0,
      log: { info: () => {}, warn: () => {} },
    },
  )
  expect(await keys?.()).toMatchObject([
    { name: 'default', text: 'one' },
    { name: 'ann', text: 'two' },
  ])
})

describe('from a file', () => {
  test.each([
    ['made-up', ['made-up']],
    ['made-up\n', ['made-up']],
    ['\uFEFF  one \r\n\r\ntwo\r\n', ['one', 'two']],
    ['# a comment\none # and one more\n', ['one']],
  ])('each line of %j is a key', async (text, keys) => {
    expect(await (await overFile(text)).keys()).toEqual(keys)
  })

  test.each([
    [
      'there is none',
      undefined,
      `${PATH}: the file of keys does not exist; keys add NAME makes it`,
    ],
    [
      'it may not be read',
      Object.assign(new Error('hush'), { code: 'EACCES' }),
      `${PATH}: the keys can't be read (EACCES)`,
    ],
    ['it is empty', ' \n', `${PATH} has no key`],
    ['it has a comment alone', '# hush', `${PATH} has no key`],
    [
      'a line is no key',
      'good\nhush hush',
      `${PATH}:2: this is not a valid key; use ASCII letters`,
    ],
  ])('the start fails if %s, and the content is not shown', async (_name, text, message) => {
    await expect(overFile(text)).rejects.toThrow(ConfigError)
    await expect(overFile(text)).rejects.toThrow(message)
    await expect(overFile(text)).rejects.toThrow(/^(?!.*hush)/)
  })

  it('the keys are read again after a second, at the next request', async () => {
    const { file, keys, wait, lines } = await overFile('old')
    file.text = 'old\nnew'
    wait(999)
    expect(await keys()).toEqual(['old'])
    wait(1)
    expect(await keys()).toEqual(['old', 'new'])
    expect(await keys()).toEqual(['old', 'new'])
    expect(file.reads).toBe(2)
    expect(lines).toEqual([`info ${PATH} was read again; keys: 2`])
  })

  it('an unchanged file writes no log line', async () => {
    const { keys, wait, lines } = await overFile('old')
    wait(5000)
    expect(await keys()).toEqual(['old'])
    expect(lines).toEqual([])
  })

  it.each([
    ['gone', undefined],
    ['empty', ''],
    ['no list of keys', 'hush hush'],
  ])(
    'the last keys stay valid while the file is %s, and that is logged once',
    async (_name, text) => {
      const { file, keys, wait, lines } = await overFile('old')
      for (file.text = text; file.reads < 4; wait(1000)) expect(await keys()).toEqual(['old'])
      expect(lines).toEqual([
        expect.stringMatching(/^warn \/run\/secrets\/key.*; the last keys stay valid$/),
      ])
      expect(lines.join()).not.toContain('hush')

      file.text = 'new'
      expect(await keys()).toEqual(['new'])
    },
  )

  it('no key is valid if the file has only a comment: all keys were removed', async () => {
    const { file, keys, wait, lines } = await overFile('old')
    file.text = '# made by hand\n'
    wait(1000)
    expect(await keys()).toEqual([])
    expect(lines).toEqual([`info ${PATH} was read again; keys: 0`])
  })

  it('each new problem of the file is logged again', async () => {
    const { file, keys, wait, lines } = await overFile('old')
    for (const text of [undefined, '', 'old', undefined]) {
      file.text = text
      wait(1000)
      await keys()
    }
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['warn', 'warn', 'info', 'warn'])
  })

  describe('from a file that does not answer', () => {
    beforeEach(() => void vi.useFakeTimers())
    afterEach(() => void vi.useRealTimers())

    it('one request waits for a second, the next do not wait, and the file is read once', async () => {
      const { file, keys, wait, lines } = await overFile('old')
      const answer = new Deferred<void>()
      file.slow = answer.promise
      file.text = 'new'
      wait(1000)
      const first = keys()
      await vi.advanceTimersByTimeAsync(1000)
      expect(await first).toEqual(['old'])
      for (const _ of [1, 2, 3]) {
        wait(1000)
        expect(await keys()).toEqual(['old'])
      }
      expect(file.reads).toBe(2)
      expect(lines).toEqual([expect.stringContaining('takes too long; the last keys stay valid')])

      answer.resolve()
      await vi.advanceTimersByTimeAsync(0)
      expect(await keys()).toEqual(['new'])
    })

    it('the start fails', async () => {
      const asked = keyRing(
        { proxyApiKey: undefined, keys: PATH },
        {
          readFile: () => new Promise(() => {}),
          now: () => 0,
          log: { info: () => {}, warn: () => {} },
        },
      )
      const failed = expect(asked).rejects.toThrow(`${PATH}: reading the keys takes too`)
      await vi.advanceTimersByTimeAsync(10_000)
      await failed
    })
  })
})
