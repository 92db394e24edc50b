import { ConfigError } from '../config-error.ts'
import type { Config } from '../config.ts'
import { headerKey } from '../values.ts'
import type { ValueType } from '../value-type.ts'
import { type ClientKey, plainKey } from './client-key.ts'
import { keysIn } from './keys-text.ts'

/** A key that clients must send, or a function that returns the currently valid key or keys. */
export type KeySource = string | (() => Keys | Promise<Keys>)

type Keys = string | readonly string[]

/** The currently valid keys. */
export type KeyRing = () => Promise<readonly ClientKey[]>

/** The settings that define the keys. */
export type KeyConfig = Pick<Config, 'proxyApiKey' | 'keys'>

export const keySource: ValueType<KeySource> = {
  ...headerKey,
  allowedValue: `${headerKey.allowedValue}; or a function that returns one such text or a list of them`,
  accepts: (value) => typeof value === 'function' || headerKey.accepts(value),
}

/** Whether clients must send a key. */
export function asksForKey({ proxyApiKey, keys }: Partial<KeyConfig>): boolean {
  return proxyApiKey !== undefined || keys !== undefined
}

/** Returns the text of a file; undefined if there is no file. Throws any other error. */
export type ReadKeyFile = (path: string) => Promise<string | undefined>

export type KeyRingOptions = {
  readonly readFile: ReadKeyFile
  /** A clock, in milliseconds. */
  readonly now: () => number
  readonly log: { readonly info: (line: string) => void; readonly warn: (line: string) => void }
}

/**
 * The keys of the setting and of the file; undefined if clients need no key.
 *
 * @throws ConfigError if a file is configured and no key can be read from it
 */
export async function keyRing(
  { proxyApiKey: source, keys: path }: KeyConfig,
  options: KeyRingOptions,
): Promise<KeyRing | undefined> {
  const rings: KeyRing[] = []
  if (source !== undefined) rings.push(ringOf(source))
  if (path !== undefined) rings.push(await keyFile(path, options))
  if (rings.length === 0) return undefined
  return async () => (await Promise.all(rings.map((ring) => ring()))).flat()
}

function ringOf(source: KeySource): KeyRing {
  if (typeof source === 'string') {
    const keys = [plainKey(source)]
    return () => Promise.resolve(keys)
  }
  return async () =>
    [await source()]
      .flat()
      .filter((key) => key !== '')
      .map((key) => plainKey(key))
}

/** How long the keys of a file are used before the file is looked at again, in milliseconds. */
const REREAD_AFTER_MILLISECONDS = 1000

/** How long a request waits for the file before the last keys are used, in milliseconds. */
const READ_MILLISECONDS = 1000

/** The same at the start, when there are no last keys. */
const FIRST_READ_MILLISECONDS = 10_000

/**
 * The keys of a file. The file is looked at again when a request comes, at most once a second.
 * While it can't be read or is empty, the last keys stay valid, because an editor may replace it in
 * steps. If it has a comment but no key, every request is refused. At most one read runs at a time,
 * however long it takes.
 */
async function keyFile(path: string, { readFile, now, log }: KeyRingOptions): Promise<KeyRing> {
  const isSlow = new ConfigError(`${path}: reading the keys takes too long`)
  let text = await within(FIRST_READ_MILLISECONDS, contentOf(path, readFile), isSlow)
  let keys = keysIn(text, path)
  if (keys.length === 0) throw noKeyIn(path)
  let problem: string | undefined
  let lookedAt = now()
  let reading: Promise<void> | undefined
  return async () => {
    if (reading === undefined && now() - lookedAt >= REREAD_AFTER_MILLISECONDS) {
      lookedAt = now()
      const read = contentOf(path, readFile).then(take, reportProblem)
      reading = within(READ_MILLISECONDS, read, isSlow).catch(reportProblem)
      void read.finally(() => (reading = undefined))
    }
    await reading
    return keys
  }

  function take(current: string): void {
    if (current === text && problem === undefined) return
    if (current.trim() === '') return reportProblem(noKeyIn(path))
    try {
      keys = keysIn(current, path)
    } catch (error) {
      return reportProblem(error)
    }
    text = current
    problem = undefined
    log.info(`${path} was read again; keys: ${keys.length}`)
  }

  function reportProblem(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    if (message !== problem) log.warn(`${message}; the last keys stay valid`)
    problem = message
  }
}

/** The value of the promise, or the error if it takes longer. */
async function within<Result>(
  milliseconds: number,
  work: Promise<Result>,
  late: Error,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const elapsed = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late), milliseconds)
  })
  try {
    return await Promise.race([work, elapsed])
  } finally {
    clearTimeout(timer)
  }
}

async function contentOf(path: string, readFile: ReadKeyFile): Promise<string> {
  let text: string | undefined
  try {
    text = await readFile(path)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new ConfigError(`${path}: the keys can't be read (${code ?? message})`, { cause })
  }
  if (text === undefined)
    throw new ConfigError(`${path}: the file of keys does not exist; keys add NAME makes it`)
  return text
}

function noKeyIn(path: string): ConfigError {
  return new ConfigError(`${path} has no key: claude-sub-proxy keys add NAME makes one`)
}
