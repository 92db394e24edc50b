import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { anyName, anyText } from '../../test/support/arbitraries.ts'
import { childEnvironment } from './child-environment.ts'
import { parseCommandLine } from './command-line.ts'
import { ConfigError } from './config-error.ts'
import { parseConfigText } from './file.ts'
import { loadConfig, type LoadedConfig } from './load.ts'
import { propertyOf, variableOf } from './names.ts'
import { SETTING_KEYS, SETTINGS } from './options.ts'

const MACHINE = { cores: 2, freeMemoryBytes: 2 ** 33, container: false }

/** Undefined if the configuration was refused, in a line for each problem. */
function orRefused<Result>(run: () => Result): Result | undefined {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    expect(error.problems).not.toEqual([])
    for (const line of [...error.problems, ...error.warnings]) expect(line).not.toMatch(/[\r\n]/)
    return undefined
  }
}

function load(env: Record<string, string>, text = '', args: string[] = []): LoadedConfig {
  const { values } = parseCommandLine(args)
  return loadConfig({ values, env, readFile: () => text, machine: MACHINE })
}

const line = anyText.filter((text) => !/[\r\n]/.test(text))
const settingKey = fc.constantFrom(...SETTING_KEYS)

test('any text is accepted as a configuration file, or refused', () => {
  const lines = fc
    .array(fc.tuple(fc.oneof(settingKey, line), fc.constantFrom(' = ', '=', ' '), line))
    .map((each) => each.map((parts) => parts.join('')).join('\n'))
  fc.assert(
    fc.property(fc.oneof(anyText, lines), (text) => void orRefused(() => load({}, text))),
    {
      numRuns: 300,
    },
  )
})

test('in double quotes any line of text can be written', () => {
  const value = anyText.filter((text) => !text.includes('\r'))
  fc.assert(
    fc.property(value, (text) => {
      const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
      expect(parseConfigText(`key = "${escaped}" # more`, 'config.txt').entries).toEqual([
        { key: 'key', value: text, line: 1 },
      ])
    }),
  )
})

test('any command line is accepted, or refused', () => {
  const flag = fc.oneof(settingKey, anyName).map((name) => `--${name.replaceAll('_', '-')}`)
  const argument = fc.oneof(
    anyText,
    flag,
    fc.tuple(flag, anyText).map((parts) => parts.join('=')),
  )
  fc.assert(
    fc.property(fc.array(argument, { maxLength: 4 }), (args) => {
      const loaded = orRefused(() => load({}, '', args))
      if (loaded) expect(Object.keys(loaded.config)).toEqual(SETTING_KEYS.map(propertyOf))
    }),
  )
})

test('any environment is accepted, or refused, and sets only options', () => {
  const name = fc.oneof(
    settingKey.map(variableOf),
    anyName.map((each) => `CSP_${each}`),
    anyName,
  )
  const environment = fc
    .array(fc.tuple(name, anyText))
    .map((entries): Record<string, string> => Object.fromEntries(entries))
  fc.assert(
    fc.property(environment, (env) => {
      const loaded = orRefused(() => load(env))
      if (loaded) expect(Object.keys(loaded.config)).toEqual(SETTING_KEYS.map(propertyOf))
      expect(Object.keys(childEnvironment(env)).filter((each) => each.startsWith('CSP_'))).toEqual(
        [],
      )
    }),
  )
})

test('a value means the same in every source, and is refused in all or none', () => {
  const value = fc.oneof(
    fc.constantFrom('0', '1', '5s', '32mb', 'auto', 'true', 'localhost', '::1', '/a', '*', 'debug'),
    fc.stringMatching(/^[!-~]+$/),
  )
  fc.assert(
    fc.property(settingKey, value, (key, text) => {
      const quoted = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
      const ways = [
        () => load({ [variableOf(key)]: text }),
        () => load({}, `${key} = "${quoted}"`),
        ...(SETTINGS[key].type.placeholder === null
          ? []
          : [() => load({}, '', [`--${key.replaceAll('_', '-')}=${text}`])]),
      ]
      const [first, ...others] = ways.map((way) => orRefused(way)?.config[propertyOf(key)])
      for (const other of others) expect(other).toEqual(first)
    }),
    { numRuns: 300 },
  )
})

test('a secret is never shown, in any source and with any error', () => {
  const secret = fc.stringMatching(/^[a-z]{3}-hush-[!-~]{0,20} ?[a-z]{0,5}$/)
  fc.assert(
    fc.property(secret, fc.constantFrom('0.0.0.0', 'no host', '127.0.0.1'), (key, host) => {
      const ways = [
        () => load({ CSP_PROXY_API_KEY: key, CSP_HOST: host, CSP_PROXY_API_KEY_FILE: '/key' }),
        () => load({}, `proxy_api_key = ${key}\nproxy_api_key = ${key}\nhost = ${host}`),
        () => load({}, `proxy_api_key: ${key}`),
        () => load({}, `proxy_api_key = "${key}`),
        () => load({ CSP_HOST: host }, '', ['--proxy-api-key', key]),
        () => load({}, '', [`--proxy-api-keys=${key}`]),
      ]
      for (const way of ways) {
        const said = saidBy(way)
        expect(said).not.toContain('hush')
      }
    }),
  )
})

function saidBy(way: () => LoadedConfig): string {
  try {
    return JSON.stringify({ ...way(), config: undefined })
  } catch (error) {
    return String(error)
  }
}
