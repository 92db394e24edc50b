import { createHash } from 'node:crypto'

import type { Steps } from '../steps.ts'
import { PIECE_LENGTH, textPieces } from '../text-pieces.ts'

/** Values that are written between two pauses. */
const VALUES_OF_A_STEP = 500

/**
 * A hash of a sequence of JSON values. The order of keys makes no difference. It is computed in
 * steps, because a conversation may have a million values, or one text of many megabytes.
 */
export class CanonicalHash {
  readonly #hash = createHash('sha256')
  #text = ''
  #values = 0

  constructor(previous: string) {
    this.#hash.update(previous)
  }

  *add(value: unknown): Steps<void> {
    if (typeof value !== 'object' || value === null) {
      yield* this.#addSimple(value)
      return
    }
    const isList = Array.isArray(value)
    this.#write(isList ? '[' : '{')
    for (const [key, part] of isList ? value.entries() : sortedEntries(value)) {
      if (!isList) this.#write(`${JSON.stringify(key)}:`)
      if (isShort(part)) this.#write(`${JSON.stringify(part)},`)
      else {
        yield* this.add(part)
        this.#write(',')
      }
      if (this.#isDue) yield
    }
    this.#write(isList ? ']' : '}')
  }

  digest(): string {
    this.#flush()
    return this.#hash.digest('base64url')
  }

  *#addSimple(value: unknown): Steps<void> {
    if (isShort(value)) {
      this.#write(JSON.stringify(value))
      return
    }
    const text = value as string
    // No JSON value begins this way. With its length in front, a text can't be mistaken for
    // something else.
    this.#write(`#${text.length}:`)
    for (const piece of textPieces(text)) {
      this.#write(piece)
      yield
    }
  }

  get #isDue(): boolean {
    this.#values += 1
    return this.#values % VALUES_OF_A_STEP === 0
  }

  #write(text: string): void {
    this.#text += text
    if (this.#text.length >= PIECE_LENGTH) this.#flush()
  }

  #flush(): void {
    this.#hash.update(this.#text)
    this.#text = ''
  }
}

function isShort(value: unknown): boolean {
  return typeof value === 'string'
    ? value.length <= PIECE_LENGTH
    : typeof value !== 'object' || value === null
}

function sortedEntries(value: object): [string, unknown][] {
  return Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
}
