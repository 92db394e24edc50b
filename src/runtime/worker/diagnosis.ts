import type { ApiError } from '../../errors.ts'
import { Deferred } from '../../deferred.ts'
import { countFailureIn } from './context-count.ts'
import { type Diagnosed, diagnosedIn } from './failures.ts'
import { ResponseHeaders } from './response-headers.ts'

/**
 * The SDK inside the runtime writes this line just before it sends a request, after the gate. It
 * needs `ANTHROPIC_LOG=debug`.
 */
const REQUEST_SENT = /^\[Anthropic SDK DEBUG\].* sending request/

/** A field of the request, some lines after that. */
const MAX_TOKENS = /^ {6}max_tokens: (\d+),$/

/**
 * The same SDK writes this line if the connection fails before the headers of an answer have come
 * (measured with 2.1.332).
 */
const NO_ANSWER = /^\[Anthropic SDK INFO\].* connection failed\b/

/** A failed turn waits this long for the diagnostics, which have the API's own words. */
const PATIENCE_MILLISECONDS = 200

/**
 * The runtime's stderr about one turn or one count. It arrives on another pipe than the reply, so
 * either may come first.
 */
export class Diagnosis {
  /** Whether the request was sent. */
  hasLeft = false
  /** How many requests were sent. */
  requests = 0
  /** The `max_tokens` of the latest request. */
  maxTokens: number | undefined
  /** The error of a count of tokens. */
  countFailure: ApiError | undefined
  readonly #headers = new ResponseHeaders()
  #answer: Diagnosed | undefined
  #isUnanswered = false
  readonly #ended = new Deferred<void>()

  /** Takes a line, and returns its information. */
  read(line: string): 'request sent' | 'fields sent' | 'request failed' | undefined {
    this.countFailure ??= countFailureIn(line)
    this.#headers.read(line)
    if (REQUEST_SENT.test(line)) {
      this.requests += 1
      this.hasLeft = true
      return 'request sent'
    }
    const [, maxTokens] = MAX_TOKENS.exec(line) ?? []
    if (maxTokens !== undefined && this.requests > 0) {
      this.maxTokens = Number(maxTokens)
      return 'fields sent'
    }
    if (NO_ANSWER.test(line)) {
      this.#isUnanswered = true
      this.#ended.resolve()
    }
    const diagnosed = diagnosedIn(line)
    if (diagnosed === undefined) return undefined
    this.#answer = diagnosed
    this.#ended.resolve()
    return 'request failed'
  }

  /** The API's `retry-after`, in seconds. */
  get retryAfter(): number | undefined {
    return this.#headers.retryAfter
  }

  /** The API's error, if it has arrived. */
  get answer(): Diagnosed | undefined {
    return this.#answer
  }

  /** Whether the connection failed before the API began to answer. */
  get isUnanswered(): boolean {
    return this.#isUnanswered
  }

  /** Waits until it is known how the request ended, but only for a moment, or until the process ends. */
  async awaitEnd(ended: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MILLISECONDS)
    })
    await Promise.race([this.#ended.promise, late, ended])
    clearTimeout(timer)
  }
}
