import { inspect } from 'node:util'
import { ConfigError } from './config-error.ts'
import type { Config } from './config.ts'
import { isLoopback } from './hosts.ts'
import { asksForKey } from './keys/key-ring.ts'
import type { Machine } from './machine.ts'
import { keyOf, propertyOf } from './names.ts'
import { nearest } from './nearest.ts'
import { AUTOMATIC, type Circumstances } from './option.ts'
import { SETTING_KEYS, SETTINGS } from './options.ts'
import type { SettingKey } from './options.ts'
import { removedOption } from './removed-options.ts'

/** The settings that an embedding program may pass; absent ones have their defaults. */
export type ConfigInput = Partial<Config>

/** The name of a setting in errors. */
export type SettingLabels = {
  readonly name: (key: SettingKey) => string
  /** The name after the place of the value: `config.txt:12: port`. */
  readonly placed: (key: SettingKey) => string
}

const PROPERTIES: SettingLabels = { name: propertyOf, placed: propertyOf }

/**
 * Fills in the defaults and checks all values, individually and together.
 *
 * @throws ConfigError with all problems, one line each
 */
export function resolveConfig(
  input: ConfigInput,
  machine: Machine,
  labels: SettingLabels = PROPERTIES,
): Config {
  const problems = Object.keys(input).filter(isUnknown).map(unknownProperty)
  const circumstances = { ...machine, asksForKey: asksForKey(input) }
  const entries = SETTING_KEYS.map((key) => {
    const property = propertyOf(key)
    const resolved = valueOf(key, input[property], circumstances)
    if ('value' in resolved) return [property, resolved.value]
    problems.push(notAllowed(labels.placed(key), key, input[property], resolved.problem))
    return [property, undefined]
  })
  if (problems.length > 0) throw new ConfigError(problems)
  const config = Object.freeze(Object.fromEntries(entries) as Config)
  problems.push(...problemsTogether(config, labels))
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

/** The line about a value that is not allowed. It does not show the value of a secret. */
export function notAllowed(
  placed: string,
  key: SettingKey,
  value: unknown,
  allowed: string,
): string {
  const shown = SETTINGS[key].secret ? '(a secret, not shown)' : oneLine(value)
  return `${placed} = ${shown} is not allowed: use ${allowed}`
}

const PROPERTY_NAMES: readonly string[] = SETTING_KEYS.map(propertyOf)

function isUnknown(name: string): boolean {
  return !PROPERTY_NAMES.includes(name)
}

function unknownProperty(name: string): string {
  const removed = removedOption(keyOf(name))
  if (removed !== undefined) return `${name} ${removed}`
  const near = nearest(name, PROPERTY_NAMES)
  return `${name}: unknown option${near === undefined ? '' : `; did you mean ${near}?`}`
}

function valueOf(
  key: SettingKey,
  value: unknown,
  circumstances: Circumstances,
): { value: unknown } | { problem: string } {
  const { type, defaultText, defaultOn } = SETTINGS[key]
  if (value === undefined || (value === AUTOMATIC && defaultText === AUTOMATIC)) {
    return { value: defaultOn(circumstances) }
  }
  return type.accepts(value) ? { value } : { problem: type.allowedValue }
}

/** Conflicts between values that are allowed individually. */
function problemsTogether(config: Config, { name, placed }: SettingLabels): string[] {
  const problems: string[] = []
  const isOpen = !asksForKey(config) && !isLoopback(config.host)
  if (config.toolsEnabled && config.toolsFolder === undefined) {
    problems.push(
      `${placed('tools_enabled')} needs ${name('tools_folder')}: the folder in which Claude Code's own tools may work`,
    )
  }
  if (config.toolsEnabled && isOpen) {
    problems.push(
      `${placed('tools_enabled')} needs ${name('proxy_api_key')} while ${name('host')} is ${oneLine(config.host)}: without a key, everyone who can reach the port could change files and run commands on this machine`,
    )
  } else if (isOpen && !config.dangerouslyOpenToAll) {
    problems.push(
      `${placed('host')} = ${oneLine(config.host)} needs ${name('proxy_api_key')} or ${name('keys')}: without a key, everyone who can reach the port uses your login (${name('dangerously_open_to_all')} allows this)`,
    )
  }
  return problems
}

function oneLine(value: unknown): string {
  return inspect(value, { breakLength: Infinity, compact: true, depth: 1 })
}
