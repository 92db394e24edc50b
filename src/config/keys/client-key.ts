import { createHash } from 'node:crypto'

/** A key that a client may send. */
export type ClientKey = {
  /** The name under which its usage is reported. Keys without a name share `default`. */
  readonly name: string
  /**
   * The owner of the data that its requests leave in memory and on disk. The data of a named key
   * belongs to the name, so that another key of this name can use it. Otherwise the data belongs to
   * the key. The owner does not reveal the key.
   */
  readonly owner: string
  /** SHA-256. */
  readonly digest: Buffer
  /** The key itself; undefined if only its hash is known. */
  readonly text: string | undefined
  readonly limits: KeyLimits
}

/** An absent limit means no limit. */
export type KeyLimits = {
  readonly requestsPerMinute?: number
  readonly tokensPerDay?: number
  /** Names of models; `*` matches any text. */
  readonly models?: readonly string[]
}

/** The name of all keys without a name of their own. */
export const DEFAULT_NAME = 'default'

/** The prefix of a hash that replaces a key. */
const HASH_PREFIX = 'sha256:'

/** A key without a name and limits. */
export function plainKey(text: string): ClientKey {
  const owner = createHash('sha256').update(`owner\0${text}`).digest('hex').slice(0, 32)
  return {
    name: DEFAULT_NAME,
    owner: `key:${owner}`,
    digest: digestOf(text),
    text,
    limits: {},
  }
}

/**
 * A key with a name.
 *
 * @param secret the key, or its hash from `hashOf`
 * @returns undefined for a malformed hash
 */
export function namedKey(name: string, secret: string, limits: KeyLimits): ClientKey | undefined {
  const named = { name, owner: `name:${name}`, limits }
  if (!secret.startsWith(HASH_PREFIX)) return { ...named, digest: digestOf(secret), text: secret }
  const hex = secret.slice(HASH_PREFIX.length)
  if (!/^[0-9a-f]{64}$/i.test(hex)) return undefined
  return { ...named, digest: Buffer.from(hex, 'hex'), text: undefined }
}

/** The hash that replaces a key in a file; it does not reveal the key. */
export function hashOf(key: string): string {
  return `${HASH_PREFIX}${digestOf(key).toString('hex')}`
}

export function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
