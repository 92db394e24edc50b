import type { ValueType } from './value-type.ts'

/** A whole number in decimal digits, both bounds included. */
export function integer(minimum: number, maximum = Number.MAX_SAFE_INTEGER): ValueType<number> {
  const accepts = (value: unknown): value is number =>
    Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum
  const upTo = maximum === Number.MAX_SAFE_INTEGER ? 'up' : `to ${maximum}`
  const allowed = `a whole number from ${minimum} ${upTo}`
  return {
    placeholder: 'number',
    allowed,
    allowedValue: allowed,
    parse(text) {
      const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
      return accepts(value) ? value : undefined
    },
    accepts,
  }
}

const TRUE_WORDS = new Set(['true', 'yes', 'on', '1'])
const FALSE_WORDS = new Set(['false', 'no', 'off', '0'])

/** true, yes, on, 1 or false, no, off, 0, in any case. */
export const boolean: ValueType<boolean> = {
  placeholder: null,
  allowed: 'true or false (also yes/no, on/off, 1/0)',
  allowedValue: 'true or false',
  parse(text) {
    const word = text.toLowerCase()
    if (TRUE_WORDS.has(word)) return true
    return FALSE_WORDS.has(word) ? false : undefined
  },
  accepts: (value) => typeof value === 'boolean',
}

/** One of a list of words; the text may have any case. */
export function choice<const Word extends string>(
  placeholder: string,
  words: readonly Word[],
): ValueType<Word> {
  return {
    placeholder,
    allowed: `one of ${words.join(', ')} (in any case)`,
    allowedValue: `one of ${words.join(', ')}`,
    parse: (text) => words.find((word) => word.toLowerCase() === text.toLowerCase()),
    accepts: (value) => words.some((word) => word === value),
  }
}

/** Any text except the empty one. */
export const anyText: ValueType<string> = textMatching(/[^]/, 'text', 'any text')

/** A name without spaces, such as a model's. */
export const spacelessName: ValueType<string> = textMatching(
  /^[^\s\p{Cc}]+$/u,
  'name',
  'a name without spaces and control characters',
)

/** A key that is valid in an HTTP header (RFC 9110 §5.5, without spaces and obsolete text). */
export const headerKey: ValueType<string> = textMatching(
  /^[\x21-\x7E]+$/,
  'key',
  'ASCII letters, digits and punctuation, without spaces and control characters',
)

/**
 * A path of the file system, absolute or relative to the working directory. Only a shell expands
 * `~`: in a file it would mean a folder of that name. A control character usually comes from a
 * Windows path in double quotes, in which `\n` and `\t` are escapes.
 */
export const filePath: ValueType<string> = textMatching(
  /^(?!~(?:[/\\]|$))\P{Cc}+$/u,
  'path',
  'a path without control characters (~ is not expanded)',
)

/** The address of a PostgreSQL database, in the form that its own programs accept. */
export const databaseAddress: ValueType<string> = textMatching(
  /^postgres(?:ql)?:\/\/[^\s\p{Cc}]+$/u,
  'address',
  'an address that begins with postgresql://',
)

function textMatching(pattern: RegExp, placeholder: string, allowed: string): ValueType<string> {
  return {
    placeholder,
    allowed,
    allowedValue: allowed,
    parse: (given) => (pattern.test(given) ? given : undefined),
    accepts: (value) => typeof value === 'string' && pattern.test(value),
  }
}
