import { ConfigError } from './config-error.ts'
import type { ReadFile } from './find-file.ts'
import type { Config } from './options.ts'
import { headerKey } from './values.ts'
import type { ValueType } from './value-type.ts'

/** A key that clients must send, or what gives the one or the several that hold at the moment. */
export type KeySource = string | (() => Keys | Promise<Keys>)

type Keys = string | readonly string[]

/** The keys that clients may send now; none of them may be empty. */
export type KeyRing = () => Promise<readonly string[]>

export const keySource: ValueType<KeySource> = {
  ...headerKey,
  allowedValue: `${headerKey.allowedValue}; or a function that gives one such text or a list of them`,
  accepts: (value) => typeof value === 'function' || headerKey.accepts(value),
}

/** Whether clients must send a key. */
export function asksForKey(config: Pick<Config, 'proxyApiKey' | 'proxyApiKeyFile'>): boolean {
  return config.proxyApiKey !== undefined || config.proxyApiKeyFile !== undefined
}

export type KeyRingOptions = {
  readonly readFile: ReadFile
  /** Milliseconds, from any moment on. */
  readonly now: () => number
  readonly log: { readonly info: (line: string) => void; readonly warn: (line: string) => void }
}

/**
 * Where the keys come from; undefined where clients need none.
 *
 * @throws ConfigError where there is a file and no key can be read from it
 */
export function keyRing(
  { proxyApiKey: source, proxyApiKeyFile: path }: Pick<Config, 'proxyApiKey' | 'proxyApiKeyFile'>,
  options: KeyRingOptions,
): KeyRing | undefined {
  if (path !== undefined) return keyFile(path, options)
  if (source === undefined) return undefined
  if (typeof source === 'string') return () => Promise.resolve([source])
  return async () => [await source()].flat().filter((key) => key !== '')
}

/** For how long the keys of a file are taken as they were read, in milliseconds. */
const FRESH = 1000

/**
 * The keys of a file, which is looked at again when someone asks, once a second at most. While it
 * can't be read or holds no keys, the last ones hold: whoever replaces it may do so in steps.
 */
function keyFile(path: string, { readFile, now, log }: KeyRingOptions): KeyRing {
  let text = contentOf(path, readFile)
  let keys = keysIn(text, path)
  let problem: string | undefined
  let lookedAt = now()
  return () => {
    if (now() - lookedAt >= FRESH) {
      lookedAt = now()
      readAgain()
    }
    return Promise.resolve(keys)
  }

  function readAgain(): void {
    try {
      const current = contentOf(path, readFile)
      if (current === text && problem === undefined) return
      keys = keysIn(current, path)
      text = current
      problem = undefined
      log.info(`${path}: was read again; keys: ${keys.length}`)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      if (error.message !== problem) log.warn(`${error.message}; the last keys hold`)
      problem = error.message
    }
  }
}

function contentOf(path: string, readFile: ReadFile): string {
  let text: string | undefined
  try {
    text = readFile(path)
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException
    throw new ConfigError(`${path}: the keys can't be read: ${code}`, { cause })
  }
  if (text === undefined) throw new ConfigError(`${path}: there is no such file, for the keys`)
  return text
}

/** One key a line. What a line holds is not shown. */
function keysIn(text: string, path: string): string[] {
  const keys: string[] = []
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const key = line.trim()
    if (key === '') continue
    if (!headerKey.accepts(key)) {
      throw new ConfigError(`${path}:${index + 1}: this is no key: use ${headerKey.allowed}`)
    }
    keys.push(key)
  }
  if (keys.length === 0) throw new ConfigError(`${path}: there is no key in it`)
  return keys
}
