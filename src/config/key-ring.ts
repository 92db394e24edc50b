import { ConfigError } from './config-error.ts'
import type { Config } from './config.ts'
import { linesOf } from './file.ts'
import { headerKey } from './values.ts'
import type { ValueType } from './value-type.ts'

/** A key that clients must send, or a function that gives the key or keys that hold at the moment. */
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
export function asksForKey(
  config: Partial<Pick<Config, 'proxyApiKey' | 'proxyApiKeyFile'>>,
): boolean {
  return config.proxyApiKey !== undefined || config.proxyApiKeyFile !== undefined
}

/** Gives the text of a file; undefined if there is none. Any other failure is thrown. */
export type ReadKeyFile = (path: string) => Promise<string | undefined>

export type KeyRingOptions = {
  readonly readFile: ReadKeyFile
  /** Milliseconds, from any moment on. */
  readonly now: () => number
  readonly log: { readonly info: (line: string) => void; readonly warn: (line: string) => void }
}

/**
 * Where the keys come from; undefined if clients need none.
 *
 * @throws ConfigError if there is a file and no key can be read from it
 */
export async function keyRing(
  { proxyApiKey: source, proxyApiKeyFile: path }: Pick<Config, 'proxyApiKey' | 'proxyApiKeyFile'>,
  options: KeyRingOptions,
): Promise<KeyRing | undefined> {
  if (path !== undefined) return keyFile(path, options)
  if (source === undefined) return undefined
  if (typeof source === 'string') return () => Promise.resolve([source])
  return async () => [await source()].flat().filter((key) => key !== '')
}

/** For how long the keys of a file are taken as they were read, in milliseconds. */
const FRESH_MILLISECONDS = 1000

/** How long a request waits for the file before the last keys are taken, in milliseconds. */
const READ_MILLISECONDS = 1000

/** The same at the start, when there are no last keys. */
const FIRST_READ_MILLISECONDS = 10_000

/**
 * The keys of a file, which is looked at again when a request comes, once a second at most. While it
 * can't be read or holds no keys, the last ones hold: whoever replaces it may do so in steps. At
 * most one read is under way, however long it takes.
 */
async function keyFile(path: string, { readFile, now, log }: KeyRingOptions): Promise<KeyRing> {
  const isSlow = new ConfigError(`${path}: the keys can't be read: it takes too long`)
  let text = await within(FIRST_READ_MILLISECONDS, contentOf(path, readFile), isSlow)
  let keys = keysIn(text, path)
  let problem: string | undefined
  let lookedAt = now()
  let reading: Promise<void> | undefined
  return async () => {
    if (reading === undefined && now() - lookedAt >= FRESH_MILLISECONDS) {
      lookedAt = now()
      const read = contentOf(path, readFile).then(take, complain)
      reading = within(READ_MILLISECONDS, read, isSlow).catch(complain)
      void read.finally(() => (reading = undefined))
    }
    await reading
    return keys
  }

  function take(current: string): void {
    if (current === text && problem === undefined) return
    try {
      keys = keysIn(current, path)
    } catch (error) {
      return complain(error)
    }
    text = current
    problem = undefined
    log.info(`${path}: was read again; keys: ${keys.length}`)
  }

  function complain(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    if (message !== problem) log.warn(`${message}; the last keys hold`)
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
    throw new ConfigError(`${path}: the keys can't be read: ${code ?? message}`, { cause })
  }
  if (text === undefined) throw new ConfigError(`${path}: there is no such file, for the keys`)
  return text
}

/** One key a line. Lines are not quoted in errors. */
function keysIn(text: string, path: string): string[] {
  const keys: string[] = []
  for (const [index, line] of linesOf(text).entries()) {
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
