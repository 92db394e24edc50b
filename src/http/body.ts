import { ApiError } from '../errors.ts'
import { ClientLeft } from '../refusals.ts'
import { decompressed } from './content-encoding.ts'

export type BodyLimits = {
  /** Maximum bytes of the body, before and after decompression. */
  maxSize: number
  /** Maximum milliseconds between two pieces of a body. */
  idleTimeout: number
}

/**
 * Reads a request's body as text.
 *
 * @param onLength called with the number of bytes so far, before they are kept. If it throws, the
 * reading ends
 * @throws ApiError 413 if it is longer than the limit, 408 if the rest does not come, 415 or 400 if
 * its encoding is unknown or wrong, 400 if it is not UTF-8; ClientLeft
 */
export async function readBody(
  request: Request,
  { maxSize, idleTimeout }: BodyLimits,
  onLength: (length: number) => void = () => {},
): Promise<string> {
  const announced = request.headers.get('content-length') ?? ''
  if (/^\d+$/.test(announced) && Number(announced) > maxSize) throw tooLarge(maxSize)
  const text = new Utf8Text()
  let length = 0
  try {
    for await (const chunk of bodyChunks(request, { idle: idleTimeout, whole: WHOLE_TIMEOUT })) {
      length += chunk.byteLength
      if (length > maxSize) throw tooLarge(maxSize)
      onLength(length)
      text.add(chunk)
    }
  } catch (cause) {
    if (request.signal.aborted) throw new ClientLeft(cause)
    throw cause
  }
  return text.whole()
}

/**
 * Milliseconds. A client has the next piece of its body ready, but a network may delay it by some
 * seconds.
 */
export const IDLE_TIMEOUT = 20_000

/**
 * Milliseconds for a body that is read into memory. Batches and files are ten times as large, and a
 * slow connection may take much longer for them: for these there is only the limit of the listener.
 */
const WHOLE_TIMEOUT = 300_000

/**
 * The decompressed bytes of a body, as they come.
 *
 * @throws ApiError 408 if the rest does not come, 415 and 400 as `decompressed` does
 */
export function bodyChunks(
  request: Request,
  timeouts: Timeouts = { idle: IDLE_TIMEOUT, whole: Infinity },
): AsyncIterable<Uint8Array> {
  const encoding = request.headers.get('content-encoding')
  return decompressed(arriving(request.body, timeouts), encoding)
}

/** Milliseconds between two pieces of a body, and from its first to its last. */
type Timeouts = { idle: number; whole: number }

/** The pieces of a body as they come. It fails if they do not come in time. */
async function* arriving(
  body: ReadableStream<Uint8Array> | null,
  { idle, whole }: Timeouts,
): AsyncGenerator<Uint8Array> {
  if (body === null) return
  const end = performance.now() + whole
  const reader = body.getReader()
  let timer: NodeJS.Timeout | undefined
  try {
    for (;;) {
      const left = end - performance.now()
      const overdue = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(left < idle ? tooSlow(whole) : notInTime(idle)),
          Math.min(idle, left),
        )
      })
      const { done, value } = await Promise.race([reader.read(), overdue])
      clearTimeout(timer)
      if (done) return
      yield value
    }
  } finally {
    clearTimeout(timer)
    // The body may have ended, or have no reader, so that there is nothing to cancel.
    void reader.cancel().catch(() => {})
  }
}

const BUFFER_BYTES = 64 * 1024

/**
 * Decodes bytes to text as they come, one full buffer at a time. If small pieces were kept apart, a
 * body that comes byte by byte would take a hundred times its size; if a large body were decoded at
 * its end, other requests would wait.
 */
class Utf8Text {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  readonly #pieces: string[] = []
  readonly #buffer = new Uint8Array(BUFFER_BYTES)
  #filled = 0

  add(chunk: Uint8Array): void {
    for (let start = 0; start < chunk.byteLength;) {
      const part = chunk.subarray(start, start + BUFFER_BYTES - this.#filled)
      this.#buffer.set(part, this.#filled)
      this.#filled += part.byteLength
      start += part.byteLength
      if (this.#filled === BUFFER_BYTES) this.#decode(true)
    }
  }

  whole(): string {
    this.#decode(false)
    return this.#pieces.join('')
  }

  #decode(stream: boolean): void {
    try {
      const bytes = this.#buffer.subarray(0, this.#filled)
      this.#pieces.push(this.#decoder.decode(bytes, { stream }))
      this.#filled = 0
    } catch (cause) {
      throw new ApiError('invalid_request_error', 'The request body is not UTF-8.', { cause })
    }
  }
}

function tooLarge(limit: number): ApiError {
  return new ApiError(
    'request_too_large',
    `Request exceeds the maximum size: ${limit} bytes (max_body_size).`,
  )
}

function notInTime(milliseconds: number): ApiError {
  return late(
    `The rest of the request body did not arrive: no byte came for ${seconds(milliseconds)}.`,
  )
}

function tooSlow(milliseconds: number): ApiError {
  return late(`The request body did not arrive within ${seconds(milliseconds)}.`)
}

function late(message: string): ApiError {
  return new ApiError('timeout_error', message, { status: 408 })
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`
}
