import type { CommandLineValues } from './command-line.ts'
import { ConfigError } from './config-error.ts'
import type { Config } from './config.ts'
import type { Environment } from './environment.ts'
import type { FileEntry } from './file.ts'
import { findConfigFile } from './find-file.ts'
import type { ConfigFile, ReadFile } from './find-file.ts'
import type { Machine } from './machine.ts'
import { ENVIRONMENT_PREFIX, flagOf, propertyOf, variableOf } from './names.ts'
import { nearest } from './nearest.ts'
import { AUTOMATIC } from './option.ts'
import { OPTION_KEYS, SETTING_KEYS, SETTINGS } from './options.ts'
import type { OptionKey, SettingKey } from './options.ts'
import { removedOption, renamedOption } from './removed-options.ts'
import { notAllowed, resolveConfig } from './resolve.ts'

export type ConfigRequest = {
  /** From `parseCommandLine`. */
  readonly values: CommandLineValues
  readonly env: Environment
  readonly readFile: ReadFile
  readonly machine: Machine
}

export type LoadedConfig = {
  readonly config: Config
  /** Where each value comes from: `--port`, `CSP_PORT`, `config.txt:12` or `default`. */
  readonly sources: { readonly [Property in keyof Config]: string }
  /** One line each, for the user; none contains a value. */
  readonly warnings: readonly string[]
  /** The path of the file that was read, as given; undefined if there was none. */
  readonly file: string | undefined
}

/**
 * Combines the configuration: command line over environment over file over defaults. An empty value
 * counts as not set.
 *
 * @throws ConfigError with a line for each problem (its source, key, value and the allowed values),
 * and with all warnings
 */
export function loadConfig(request: ConfigRequest): LoadedConfig {
  const file = findConfigFile(fileOption(request), request.readFile)
  const lastEntries = new Map(file?.entries.map((entry) => [entry.key, entry]))
  const given = new Map<SettingKey, Given>()
  for (const key of SETTING_KEYS) {
    const found = fromOutside(key, request) ?? fromFile(lastEntries.get(key), file)
    if (found !== undefined) given.set(key, found)
  }
  const warnings = [...environmentWarnings(request.env), ...fileWarnings(file)]
  const problems = [...(file?.problems ?? []), ...earlierNames(request.env, file)]
  const input: Record<string, unknown> = {}
  for (const [key, from] of given) {
    const value = readValue(key, from)
    if (value === NOT_ALLOWED) {
      problems.push(notAllowed(placed(key, from), key, from.text, SETTINGS[key].type.allowed))
    } else input[propertyOf(key)] = value
  }
  if (problems.length > 0) throw new ConfigError(problems, { warnings })
  const sources = Object.fromEntries(
    SETTING_KEYS.map((key) => [propertyOf(key), given.get(key)?.source ?? 'default']),
  ) as LoadedConfig['sources']
  return {
    config: orWithWarnings(warnings, () =>
      resolveConfig(input as Partial<Config>, request.machine, {
        name: (key) => key,
        placed: (key) => placed(key, given.get(key)),
      }),
    ),
    sources,
    warnings,
    file: file?.path,
  }
}

/** A value as text, and its place. */
type Given = { readonly text: string; readonly source: string }

function fileOption(request: ConfigRequest): { path: string; source: string } | undefined {
  const given = fromOutside('config', request)
  return given && { path: given.text, source: given.source }
}

function fromOutside(key: OptionKey, request: ConfigRequest): Given | undefined {
  const flagged = request.values[key]
  if (flagged !== undefined && flagged !== '') return { text: flagged, source: `--${flagOf(key)}` }
  const variable = variableOf(key)
  const exported = request.env[variable]
  if (exported !== undefined && exported !== '') return { text: exported, source: variable }
  return undefined
}

function fromFile(entry: FileEntry | undefined, file: ConfigFile | undefined): Given | undefined {
  if (entry === undefined || file === undefined || entry.value === '') return undefined
  return { text: entry.value, source: `${file.path}:${entry.line}` }
}

const NOT_ALLOWED = Symbol('not allowed')

/** Undefined if the text asks for the default that depends on the machine. */
function readValue(key: SettingKey, given: Given): unknown {
  const { type, defaultText } = SETTINGS[key]
  if (defaultText === AUTOMATIC && given.text.toLowerCase() === AUTOMATIC) return undefined
  return type.parse(given.text) ?? NOT_ALLOWED
}

function orWithWarnings<Result>(warnings: readonly string[], work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(error.problems, { cause: error, warnings })
  }
}

function placed(key: SettingKey, given: Given | undefined): string {
  return given === undefined ? key : `${given.source}: ${key}`
}

/** Options under a name of an earlier version. */
function earlierNames(env: Environment, file: ConfigFile | undefined): string[] {
  const outside = Object.keys(env)
    .filter((name) => name.startsWith(ENVIRONMENT_PREFIX) && env[name] !== '')
    .map((name) => ({ place: name, key: name.slice(ENVIRONMENT_PREFIX.length).toLowerCase() }))
  const inside = (file?.entries ?? [])
    .filter(({ value }) => value !== '')
    .map(({ key, line }) => ({ place: `${file?.path}:${line}: ${key}`, key }))
  return [...outside, ...inside].flatMap(({ place, key }) => {
    const problem = renamedOption(key)
    return problem === undefined ? [] : [`${place} ${problem}`]
  })
}

/** Only names that look like a mistyped option, because other programs may use the prefix too. */
function environmentWarnings(env: Environment): string[] {
  const known = OPTION_KEYS.map(variableOf)
  return Object.keys(env)
    .filter((name) => name.startsWith(ENVIRONMENT_PREFIX) && !known.includes(name))
    .flatMap((name) => {
      const key = name.slice(ENVIRONMENT_PREFIX.length).toLowerCase()
      if (renamedOption(key) !== undefined) return []
      const removed = removedOption(key)
      if (removed !== undefined) return [`${name} ${removed}`]
      const near = nearest(name.slice(ENVIRONMENT_PREFIX.length), OPTION_KEYS)
      return near === undefined
        ? []
        : [`${name}: unknown, so it has no effect; did you mean ${variableOf(near)}?`]
    })
}

function fileWarnings(file: ConfigFile | undefined): string[] {
  const seen = new Map<string, number>()
  const warnings: string[] = []
  for (const { key, line } of file?.entries ?? []) {
    const place = `${file?.path}:${line}: ${key}`
    const earlier = seen.get(key)
    seen.set(key, line)
    if (key === 'config') {
      warnings.push(`${place} can't be set in a file: use --config or ${variableOf('config')}`)
    } else if (!Object.hasOwn(SETTINGS, key)) {
      if (renamedOption(key) !== undefined) continue
      const removed = removedOption(key)
      if (removed !== undefined) {
        warnings.push(`${place} ${removed}`)
        continue
      }
      const near = nearest(key, SETTING_KEYS)
      const hint = near === undefined ? '' : `; did you mean ${near}?`
      warnings.push(`${place} is unknown, so it has no effect${hint}`)
    } else if (earlier !== undefined) {
      warnings.push(`${place} was already given on line ${earlier}; this line counts`)
    }
  }
  return warnings
}
