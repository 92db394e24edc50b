/** The SDK inside the runtime writes this line before the headers of an answer. */
const ANSWER = /\[Anthropic SDK DEBUG\].*\bresponse (?:start|error)\b/

/** A header in it, such as `    "retry-after": "7",`. */
const HEADER = /^\s+"([a-z0-9-]+)": "(.*)",?$/

/** The line after the last header. */
const END = /^\s*\},?$/

/**
 * Reads the headers of the API's answers from the runtime's stderr, line by line. With
 * `ANTHROPIC_LOG=debug` the Anthropic SDK inside the runtime writes them before it reports an error
 * (measured with 2.1.330). They contain no part of a conversation and no key.
 */
export class ResponseHeaders {
  #isInside = false
  #headers = new Map<string, string>()

  read(line: string): void {
    if (ANSWER.test(line)) {
      this.#isInside = true
      this.#headers = new Map()
      return
    }
    if (!this.#isInside) return
    const [, name, value] = HEADER.exec(line) ?? []
    if (name !== undefined && value !== undefined) this.#headers.set(name, value)
    else if (END.test(line) && this.#headers.size > 0) this.#isInside = false
  }

  /** Whole seconds of the latest answer's `retry-after`, at least 1; a date is not read. */
  get retryAfter(): number | undefined {
    const value = this.#headers.get('retry-after')
    const seconds = value === undefined ? Number.NaN : Number(value)
    return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : undefined
  }
}
