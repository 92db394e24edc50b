import { ApiError } from '../errors.ts'
import type { RawEntry } from './take-in.ts'

const LINE_FEED = 0x0a

/**
 * The lines of a text (UTF-8) as it arrives, without empty ones. Their numbers begin with 1.
 *
 * @param limit bytes of one line
 * @throws ApiError 400 if it is not UTF-8, 413 if a line is too long
 */
export async function* linesIn(
  content: AsyncIterable<Uint8Array>,
  limit: number,
): AsyncIterableIterator<RawEntry> {
  let waiting: Uint8Array[] = []
  let length = 0
  let number = 1
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const collect = (part: Uint8Array): void => {
    length += part.length
    if (length > limit) {
      throw new ApiError(
        'request_too_large',
        `Line ${number} exceeds the maximum size: ${limit} bytes (max_body_size).`,
        { details: { code: 'line_too_long', line: number } },
      )
    }
    waiting.push(part)
  }
  const line = (): string => {
    const bytes = Buffer.concat(waiting)
    waiting = []
    length = 0
    try {
      return decoder.decode(bytes).trim()
    } catch (cause) {
      throw new ApiError('invalid_request_error', `Line ${number} is not UTF-8.`, {
        details: { code: 'invalid_encoding', line: number },
        cause,
      })
    }
  }
  for await (const chunk of content) {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start)
      if (end === -1) break
      collect(chunk.subarray(start, end))
      const text = line()
      if (text !== '') yield { text, number }
      number += 1
      start = end + 1
    }
    collect(chunk.subarray(start))
  }
  const text = line()
  if (text !== '') yield { text, number }
}
