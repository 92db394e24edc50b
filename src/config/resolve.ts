import { inspect } from 'node:util'
import { ConfigError } from './config-error.ts'
import { isLoopback } from './hosts.ts'
import { asksForKey } from './key-ring.ts'
import type { Machine } from './machine.ts'
import { propertyOf } from './names.ts'
import { AUTOMATIC } from './option.ts'
import { SETTING_KEYS, SETTINGS } from './options.ts'
import type { Config, SettingKey } from './options.ts'

/** What an embedding program may say; what it leaves out has its default. */
export type ConfigInput = Partial<Config>

/** How errors name a setting. */
export type SettingLabels = {
  readonly name: (key: SettingKey) => string
  /** The name after the place where the value stands: `config.txt:12: port`. */
  readonly placed: (key: SettingKey) => string
}

const PROPERTIES: SettingLabels = { name: propertyOf, placed: propertyOf }

/**
 * Fills in the defaults and checks every value, alone and together with the others.
 *
 * @throws ConfigError with a line that names the setting
 */
export function resolveConfig(
  input: ConfigInput,
  machine: Machine,
  labels: SettingLabels = PROPERTIES,
): Config {
  const entries = SETTING_KEYS.map((key) => {
    const property = propertyOf(key)
    return [property, settingValue(key, input[property], machine, labels)]
  })
  const config = Object.freeze(Object.fromEntries(entries) as Config)
  checkKeys(config, labels)
  checkTools(config, labels)
  return config
}

/** The error for a value that is not allowed; a secret's does not show it. */
export function notAllowed(
  placed: string,
  key: SettingKey,
  value: unknown,
  allowed: string,
): ConfigError {
  const shown = SETTINGS[key].secret ? 'a value that is not shown, being a secret,' : oneLine(value)
  return new ConfigError(`${placed} = ${shown} is not allowed: use ${allowed}`)
}

function settingValue(
  key: SettingKey,
  value: unknown,
  machine: Machine,
  labels: SettingLabels,
): unknown {
  const { type, defaultText, defaultOn } = SETTINGS[key]
  if (value === undefined || (value === AUTOMATIC && defaultText === AUTOMATIC)) {
    return defaultOn(machine)
  }
  if (!type.accepts(value)) throw notAllowed(labels.placed(key), key, value, type.allowedValue)
  return value
}

/** It would have to be guessed which of them holds. */
function checkKeys(config: Config, labels: SettingLabels): void {
  if (config.proxyApiKey === undefined || config.proxyApiKeyFile === undefined) return
  throw new ConfigError(
    `${labels.placed('proxy_api_key_file')} can't be used beside ${labels.placed('proxy_api_key')}: give one of them`,
  )
}

/** Claude Code's own tools change files and run commands: they need a place and known clients. */
function checkTools(config: Config, labels: SettingLabels): void {
  if (!config.toolsEnabled) return
  if (config.toolsFolder === undefined) {
    throw new ConfigError(
      `${labels.placed('tools_enabled')} needs ${labels.name('tools_folder')}: the folder in which Claude Code's own tools may work`,
    )
  }
  if (!asksForKey(config) && !isLoopback(config.host)) {
    throw new ConfigError(
      `${labels.placed('tools_enabled')} needs ${labels.name('proxy_api_key')} while ${labels.name('host')} is ${oneLine(config.host)}: without a key, everyone who reaches the port could change files and run commands on this machine`,
    )
  }
}

function oneLine(value: unknown): string {
  return inspect(value, { breakLength: Infinity, compact: true, depth: 1 })
}
