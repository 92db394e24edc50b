import { ApiError } from '../errors.ts'

/** Maximum bytes outside the list. */
const MAX_AROUND = 64 * 1024

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

export type ListLimits = {
  /** Bytes of the whole body. */
  body: number
  /** Bytes of one entry. */
  entry: number
}

/**
 * Reads a body of the form `{"requests": […]}` as it arrives, and yields the text of one entry of
 * the list after the other. Parsing a whole body of the largest size would take more memory than a
 * process has.
 *
 * @throws ApiError 400 if it is not of this form, 413 if it is longer than the limits
 */
export async function* requestsIn(
  body: AsyncIterable<Uint8Array>,
  limits: ListLimits,
): AsyncIterableIterator<string> {
  const splitter = new Splitter(limits)
  for await (const chunk of body) yield* splitter.push(chunk)
  splitter.end()
}

/** The position in the body. `around`: before or after the list, or in another field. */
type Region = 'around' | 'between' | 'entry'

class Splitter {
  readonly #limits: ListLimits
  /** The rest of the body, without the entries of the list. */
  #around: number[] = []
  #entry: Uint8Array[] = []
  #entryLength = 0
  #length = 0
  #region: Region = 'around'
  #depth = 0
  #isInString = false
  #isEscaped = false
  #isFound = false
  /** Whether an entry must follow, after a comma. */
  #isPromised = false
  #count = 0

  constructor(limits: ListLimits) {
    this.#limits = limits
  }

  *push(chunk: Uint8Array): IterableIterator<string> {
    this.#length += chunk.length
    if (this.#length > this.#limits.body) throw tooLarge('The batch', this.#limits.body)
    let start = 0
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index] as number
      if (this.#region === 'around') {
        this.#stepAround(byte)
        continue
      }
      if (this.#region === 'between') {
        if (!this.#stepBetween(byte)) continue
        start = index
      }
      if (this.#stepEntry(byte)) continue
      this.#collect(chunk.subarray(start, index))
      yield this.#finishEntry()
      this.#stepBetween(byte)
    }
    if (this.#region === 'entry') this.#collect(chunk.subarray(start))
  }

  end(): void {
    try {
      JSON.parse(this.#textAround())
    } catch (cause) {
      throw invalid('The request body is not valid JSON.', cause)
    }
    if (!this.#isFound) throw invalid('requests: Field required')
    if (this.#count === 0) throw invalid('requests: List should have at least 1 item')
  }

  #stepAround(byte: number): void {
    if (this.#around.length === MAX_AROUND) {
      throw invalid('requests: the body has too much text outside the list of requests')
    }
    this.#around.push(byte)
    if (this.#stepText(byte)) return
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#depth += 1
    if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) this.#depth -= 1
    const isList = byte === OPEN_LIST && this.#depth === 2
    if (!isList || !/[{,]\s*"requests"\s*:\s*\[$/.test(this.#textAround())) return
    if (this.#isFound) throw invalid('requests: given twice')
    this.#isFound = true
    this.#region = 'between'
    this.#depth = 0
  }

  /** Whether an entry begins with this byte. */
  #stepBetween(byte: number): boolean {
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return false
    if (byte === COMMA && this.#count > 0 && !this.#isPromised) {
      this.#isPromised = true
      return false
    }
    if (byte === CLOSE_LIST && !this.#isPromised) {
      this.#around.push(byte)
      this.#region = 'around'
      this.#depth = 1
      return false
    }
    if (byte !== OPEN_OBJECT || (this.#count > 0 && !this.#isPromised)) {
      throw invalid(`requests.${this.#count}: Input should be an object`)
    }
    this.#isPromised = false
    this.#region = 'entry'
    return true
  }

  /** Whether the entry continues with this byte. */
  #stepEntry(byte: number): boolean {
    if (this.#stepText(byte)) return true
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#depth += 1
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      if (this.#depth === 0) return false
      this.#depth -= 1
    } else if (byte === COMMA && this.#depth === 0) return false
    return true
  }

  /** Tracks strings. Returns whether the byte belongs to one. */
  #stepText(byte: number): boolean {
    if (!this.#isInString) {
      this.#isInString = byte === QUOTE
      return this.#isInString
    }
    if (this.#isEscaped) this.#isEscaped = false
    else if (byte === BACKSLASH) this.#isEscaped = true
    else if (byte === QUOTE) this.#isInString = false
    return true
  }

  #collect(part: Uint8Array): void {
    this.#entryLength += part.length
    if (this.#entryLength > this.#limits.entry) {
      throw tooLarge(`requests.${this.#count}`, this.#limits.entry)
    }
    // The sender of the chunk may reuse its memory.
    this.#entry.push(part.slice())
  }

  #finishEntry(): string {
    const text = decoded(Buffer.concat(this.#entry))
    this.#entry = []
    this.#entryLength = 0
    this.#count += 1
    this.#region = 'between'
    return text
  }

  #textAround(): string {
    return decoded(Uint8Array.from(this.#around))
  }
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw invalid('The request body is not UTF-8.', cause)
  }
}

function tooLarge(name: string, limit: number): ApiError {
  return new ApiError('request_too_large', `${name} exceeds the maximum size: ${limit} bytes.`)
}

function invalid(message: string, cause?: unknown): ApiError {
  return new ApiError('invalid_request_error', message, { cause })
}
