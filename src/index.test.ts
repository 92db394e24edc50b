import type { Logger } from 'pino'
import { describe, expect, expectTypeOf, test } from 'vitest'

import {
  type Config,
  type ConfigError,
  createProxy,
  type Proxy,
  type ProxyOptions,
  VERSION,
} from './index.ts'

/** Checked by the compiler, with the rest of the sources. */
describe('the types of the library', () => {
  test('every option of a proxy may be left out', () => {
    expectTypeOf(createProxy).parameter(0).toEqualTypeOf<ProxyOptions | undefined>()
    expectTypeOf(createProxy).returns.resolves.toEqualTypeOf<Proxy>()
    expectTypeOf<object>().toExtend<ProxyOptions>()
    expectTypeOf<ProxyOptions['logger']>().toEqualTypeOf<Logger | undefined>()
    expectTypeOf<ProxyOptions['maxBodySize']>().toEqualTypeOf<number | undefined>()
    expectTypeOf<{ prot: 1 }>().not.toExtend<ProxyOptions>()
    expectTypeOf<{ port: string }>().not.toExtend<ProxyOptions>()
    expectTypeOf<{ logLevel: 'LOUD' }>().not.toExtend<ProxyOptions>()
  })

  test('a key may be a text, or a function that returns one or several', () => {
    type Key = Exclude<ProxyOptions['proxyApiKey'], undefined>
    expectTypeOf<() => Promise<readonly string[]>>().toExtend<Key>()
    expectTypeOf<() => string>().toExtend<Key>()
    expectTypeOf<() => number>().not.toExtend<Key>()
  })

  test("the fetch of a proxy has the type of a client's fetch", () => {
    expectTypeOf<Proxy['fetch']>().toExtend<typeof fetch>()
    expectTypeOf<Proxy['listen']>().returns.resolves.toEqualTypeOf<{ url: string; port: number }>()
    expectTypeOf<Proxy['config']>().toEqualTypeOf<Config>()
    expectTypeOf<Proxy['close']>().returns.resolves.toBeVoid()
  })

  test('the configuration is read-only', () => {
    expectTypeOf<Config['port']>().toEqualTypeOf<number>()
    expectTypeOf<Config>().toExtend<Readonly<Config>>()
  })

  test('errors and version', () => {
    expectTypeOf<ConfigError>().toExtend<Error>()
    expectTypeOf(VERSION).toBeString()
  })
})

describe('a wrong option in JavaScript is an error before anything is started', () => {
  test.each<[string, object, string]>([
    ['an unknown option', { prot: 1 }, 'prot: unknown option; did you mean port?'],
    ['a logger that is none', { logger: {} }, 'logger is not allowed: use a pino logger'],
  ])('%s', async (_name, options, message) => {
    await expect(createProxy(options as ProxyOptions)).rejects.toThrow(message)
  })
})
