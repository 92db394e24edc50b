import { ConfigError } from '../config-error.ts'
import { linesOf } from '../file.ts'
import { nearest } from '../nearest.ts'
import { headerKey } from '../values.ts'
import { type ClientKey, DEFAULT_NAME, type KeyLimits, namedKey, plainKey } from './client-key.ts'

/** The form of a line, for errors. */
const FORM = 'name = key, and then the limits, if any'

const INVALID = `this is not a valid key; use ${headerKey.allowed}`

const LIMIT_NAMES = ['requests_per_minute', 'tokens_per_day', 'models']

/**
 * Reads a file of keys. Each line is `name = key` with the key's limits after it, or only a key. A
 * comment begins with `#` at the start of a line or after white space. A name may have several
 * lines, for several keys with the same limits.
 *
 * @param path of the file, for the problems
 * @throws ConfigError with a line for each problem; none quotes the file, because it contains keys
 */
export function keysIn(text: string, path: string): ClientKey[] {
  const keys: ClientKey[] = []
  const problems: string[] = []
  const [byDigest, byOwner] = [new Map<string, ClientKey>(), new Map<string, ClientKey>()]
  for (const [index, line] of linesOf(text).entries()) {
    const content = contentOf(line)
    if (content === '') continue
    const key = keyIn(content)
    const problem = typeof key === 'string' ? key : conflictOf(key)
    if (problem !== undefined) problems.push(`${path}:${index + 1}: ${problem}`)
    else if (typeof key !== 'string') keys.push(key)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return keys

  function conflictOf(key: ClientKey): string | undefined {
    const digest = key.digest.toString('hex')
    const [same, named] = [byDigest.get(digest), byOwner.get(key.owner)]
    byDigest.set(digest, key)
    byOwner.set(key.owner, key)
    if (same !== undefined) return 'this key is already on an earlier line'
    if (named === undefined || haveSameLimits(key.limits, named.limits)) return undefined
    return 'an earlier line of this name has other limits, but all keys of a name share them'
  }
}

function contentOf(line: string): string {
  return line.replace(/(?:^|\s)#.*$/, '').trim()
}

/** The name on a line of a file of keys; undefined if it has none. */
export function nameOnLine(line: string): string | undefined {
  return NAMED.exec(contentOf(line))?.[1]
}

/** White space is required next to the sign, because Base64 ends with it. */
const NAMED = /^([^\s=]+)(?:\s+=\s*|=\s+)(\S.*)$/

/** @returns the problem if the line has no known form */
function keyIn(content: string): ClientKey | string {
  const [, name, rest] = NAMED.exec(content) ?? []
  if (name !== undefined && rest !== undefined) return namedKeyIn(name, rest)
  if (!headerKey.accepts(content)) return `${INVALID}, or write ${FORM}`
  // A key may end with these signs, like Base64. Anywhere else they may be meant as the sign after
  // a name.
  if (/=[^=]/.test(content))
    return `it is not clear whether this is a key or a key with its name; write ${FORM}`
  if (content.startsWith('sha256:')) return `a hash needs a name; write ${FORM}`
  return plainKey(content)
}

function namedKeyIn(name: string, rest: string): ClientKey | string {
  const problem = nameProblem(name)
  if (problem !== undefined) return problem
  const [secret = '', ...words] = rest.split(/\s+/)
  if (!headerKey.accepts(secret)) return INVALID
  const limits = limitsIn(words)
  if (typeof limits === 'string') return limits
  return namedKey(name, secret, limits) ?? 'a hash is sha256: and 64 hexadecimal digits'
}

/** Why a text can't be the name of a key; undefined if it can. */
export function nameProblem(name: string): string | undefined {
  if (name === DEFAULT_NAME) return `the name ${DEFAULT_NAME} is reserved for keys without a name`
  if (/^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,63}$/u.test(name)) return undefined
  return 'a name has 1 to 64 characters (letters, digits, . _ @ + -) and begins with a letter or a digit'
}

/**
 * Reads the limits of a key, such as `requests_per_minute=60`.
 *
 * @returns the problem if one is not allowed
 */
export function limitsIn(words: readonly string[]): KeyLimits | string {
  const given = new Map<string, string>()
  for (const word of words) {
    const [, name = word, value] = /^([^=]*)=(.*)$/s.exec(word) ?? []
    if (!LIMIT_NAMES.includes(name)) {
      const near = value === undefined ? undefined : nearest(name, LIMIT_NAMES)
      const hint =
        near === undefined ? `the limits are ${LIMIT_NAMES.join(', ')}` : `did you mean ${near}?`
      return `there is no such limit; ${hint}`
    }
    if (given.has(name)) return `${name} is given twice`
    given.set(name, value ?? '')
  }
  const [perMinute, perDay] = ['requests_per_minute', 'tokens_per_day'].map((name) =>
    given.has(name) ? countIn(given.get(name) ?? '') : undefined,
  )
  if (perMinute === null) return 'requests_per_minute must be a whole number from 1 up'
  if (perDay === null) return 'tokens_per_day must be a whole number from 1 up'
  const models = given.get('models')?.split(',')
  if (models?.includes('') === true) {
    return 'models must be names with commas between them and no spaces; * matches any text'
  }
  return {
    ...(perMinute !== undefined && { requestsPerMinute: perMinute }),
    ...(perDay !== undefined && { tokensPerDay: perDay }),
    ...(models !== undefined && { models }),
  }
}

/** @returns null if it is no whole number from 1 up */
function countIn(text: string): number | null {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : 0
  return count > 0 ? count : null
}

function haveSameLimits(a: KeyLimits, b: KeyLimits): boolean {
  return JSON.stringify(orderedLimits(a)) === JSON.stringify(orderedLimits(b))
}

function orderedLimits({ requestsPerMinute, tokensPerDay, models }: KeyLimits): unknown[] {
  return [requestsPerMinute, tokensPerDay, models]
}
