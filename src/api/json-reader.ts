import {
  checkNumber,
  checkText,
  MAX_DEPTH,
  MAX_KEYS,
  MAX_VALUES,
  TOO_DEEP,
  TOO_MANY_KEYS,
  tooManyValues,
  unusable,
} from './json-limits.ts'

/** Text that is no JSON. */
export class NotJson extends Error {
  override readonly name = 'NotJson'
}

type Container =
  | { items: unknown[] }
  | { fields: Record<string, unknown>; count: number; key: string }

/** The kinds of token that may come next. */
type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end' | 'nothing'

/** Characters of a string that are decoded in one step. */
const PIECE_LENGTH = 256 * 1024

/** White space that is skipped in one step. */
const SPACE_LENGTH = 64 * 1024

/**
 * The minimum cost of a value (its place in a list or an object), expressed in characters of a long
 * string.
 */
const VALUE_COST = 50

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/** Keyed by the first character. */
const LITERALS: Readonly<Record<number, { word: string; value: boolean | null }>> = {
  0x74: { word: 'true', value: true },
  0x66: { word: 'false', value: false },
  0x6e: { word: 'null', value: null },
}

/**
 * Reads JSON in steps, so that a large text does not block other requests. It stops early at values
 * that `checkValues` refuses. It accepts the same texts as `JSON.parse`, and returns the same
 * values.
 */
export class JsonReader {
  readonly #text: string
  readonly #mostValues: number
  readonly #open: Container[] = []
  #at = 0
  #expected: Expected = 'value'
  #result: unknown
  #valueCount = 0
  /** The positions of the next quote and the next backslash, if known. */
  #quote = -1
  #backslash = -1
  /** The string in progress: its decoded part, and the start of the rest. */
  #string: { pieces: string[]; start: number } | undefined

  constructor(text: string, mostValues = MAX_VALUES) {
    this.#text = text
    this.#mostValues = mostValues
  }

  /** The whole value, after `advance` returned true. */
  get result(): unknown {
    return this.#result
  }

  /**
   * Reads about so many characters, or does as much other work.
   *
   * @returns whether the whole text was read
   * @throws NotJson, and ApiError (400) as `checkValues` does
   */
  advance(characters: number): boolean {
    const begin = this.#at
    let tokens = 0
    for (;;) {
      if (this.#at - begin + tokens * VALUE_COST >= characters) return false
      tokens += 1
      if (this.#string) {
        this.#continueString(this.#string)
        continue
      }
      if (this.#skipSpace()) continue
      if (this.#at >= this.#text.length) {
        if (this.#expected === 'nothing') return true
        throw new NotJson('Unexpected end of JSON input')
      }
      this.#readToken(this.#text.charCodeAt(this.#at))
    }
  }

  /** @returns whether more of it may follow */
  #skipSpace(): boolean {
    const end = this.#at + SPACE_LENGTH
    while (this.#at < end) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return false
      this.#at += 1
    }
    return true
  }

  #readToken(code: number): void {
    const expected = this.#expected
    switch (expected) {
      case 'value or ]':
        if (code === BRACKET_CLOSE) this.#close()
        else this.#readValue(code)
        return
      case 'value':
        this.#readValue(code)
        return
      case 'key or }':
      case 'key':
        if (code === QUOTE) this.#beginString()
        else if (code === BRACE_CLOSE && expected === 'key or }') this.#close()
        else this.#refuse()
        return
      case 'colon':
        if (code !== COLON) this.#refuse()
        this.#at += 1
        this.#expected = 'value'
        return
      case 'comma or end':
        this.#readCommaOrEnd(code)
        return
      case 'nothing':
        this.#refuse()
        return
      default:
        expected satisfies never
    }
  }

  #readValue(code: number): void {
    this.#valueCount += 1
    if (this.#valueCount > this.#mostValues) throw unusable(tooManyValues(this.#mostValues))
    if (code === QUOTE) {
      this.#beginString()
      return
    }
    if (code === BRACE_OPEN || code === BRACKET_OPEN) {
      if (this.#open.length === MAX_DEPTH) throw unusable(TOO_DEEP)
      const isList = code === BRACKET_OPEN
      this.#open.push(isList ? { items: [] } : { fields: {}, count: 0, key: '' })
      this.#expected = isList ? 'value or ]' : 'key or }'
      this.#at += 1
      return
    }
    const literal = LITERALS[code]
    if (literal && this.#text.startsWith(literal.word, this.#at)) {
      this.#at += literal.word.length
      this.#add(literal.value)
      return
    }
    NUMBER.lastIndex = this.#at
    const [digits] = NUMBER.exec(this.#text) ?? this.#refuse()
    const value = Number(digits)
    checkNumber(value)
    this.#at += digits.length
    this.#add(value)
  }

  #readCommaOrEnd(code: number): void {
    const top = this.#open.at(-1)
    const isList = top !== undefined && 'items' in top
    if (code === COMMA) this.#expected = isList ? 'value' : 'key'
    else if (code === (isList ? BRACKET_CLOSE : BRACE_CLOSE)) {
      this.#close()
      return
    } else this.#refuse()
    this.#at += 1
  }

  #close(): void {
    const closed = this.#open.pop()
    this.#at += 1
    if (closed) this.#add('items' in closed ? closed.items : closed.fields)
  }

  /** Stores a value in its list or object. */
  #add(value: unknown): void {
    const top = this.#open.at(-1)
    this.#expected = top === undefined ? 'nothing' : 'comma or end'
    if (top === undefined) this.#result = value
    else if ('items' in top) top.items.push(value)
    else if (top.key === '__proto__') {
      const field = { value, writable: true, enumerable: true, configurable: true }
      Object.defineProperty(top.fields, top.key, field)
    } else top.fields[top.key] = value
  }

  #addKey(key: string): void {
    const top = this.#open.at(-1)
    if (top === undefined || 'items' in top) throw new Error('A key must be in an object.')
    top.count += 1
    if (top.count > MAX_KEYS) throw unusable(TOO_MANY_KEYS)
    top.key = key
    this.#expected = 'colon'
  }

  #beginString(): void {
    this.#at += 1
    this.#string = { pieces: [], start: this.#at }
  }

  /** Reads to the end of the string, or as much as a step may read. */
  #continueString(string: { pieces: string[]; start: number }): void {
    for (;;) {
      const quote = this.#nextQuote()
      const backslash = this.#nextBackslash()
      const end = Math.min(quote, backslash, this.#text.length)
      if (end - string.start > PIECE_LENGTH) {
        // Never in the middle of an escape, because `#at` is after the last one.
        this.#at = Math.min(end, Math.max(this.#at, string.start + PIECE_LENGTH))
        this.#decode(string)
        return
      }
      if (end === this.#text.length) throw new NotJson('Unterminated string in JSON')
      if (end === quote) {
        this.#at = quote
        this.#decode(string)
        this.#at += 1
        this.#endString(string.pieces)
        return
      }
      this.#at = backslash + (this.#text[backslash + 1] === 'u' ? UNICODE_ESCAPE : ESCAPE)
    }
  }

  /** Adds the part of the string up to `#at`. */
  #decode(string: { pieces: string[]; start: number }): void {
    const raw = this.#text.slice(string.start, this.#at)
    try {
      string.pieces.push(JSON.parse(`"${raw}"`) as string)
    } catch (cause) {
      const place = `in the string at position ${string.start}`
      throw new NotJson(`Bad control character or escape ${place}`, { cause })
    }
    string.start = this.#at
  }

  #endString(pieces: readonly string[]): void {
    this.#string = undefined
    const text = pieces.length === 1 ? (pieces[0] ?? '') : pieces.join('')
    checkText(text)
    if (this.#expected === 'key' || this.#expected === 'key or }') this.#addKey(text)
    else this.#add(text)
  }

  // Each is searched only once, not again for each string: a long text may have none.
  #nextQuote(): number {
    if (this.#quote < this.#at) this.#quote = positionOf('"', this.#text, this.#at)
    return this.#quote
  }

  #nextBackslash(): number {
    if (this.#backslash < this.#at) this.#backslash = positionOf('\\', this.#text, this.#at)
    return this.#backslash
  }

  #refuse(): never {
    const found = JSON.stringify(this.#text.slice(this.#at, this.#at + 1).toWellFormed())
    throw new NotJson(`Unexpected token ${found} in JSON at position ${this.#at}`)
  }
}

const [QUOTE, COLON, COMMA] = [0x22, 0x3a, 0x2c]
const [BRACKET_OPEN, BRACKET_CLOSE, BRACE_OPEN, BRACE_CLOSE] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Lengths of `\n` and of `\u0000`. */
const [ESCAPE, UNICODE_ESCAPE] = [2, 6]

function positionOf(mark: string, text: string, from: number): number {
  const position = text.indexOf(mark, from)
  return position === -1 ? Number.POSITIVE_INFINITY : position
}
