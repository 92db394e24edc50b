import { setImmediate } from 'node:timers/promises'

import { ApiError } from '../errors.ts'
import { checkValues } from './check-values.ts'
import { JsonReader, NotJson } from './json-reader.ts'
import { MAX_INNER_VALUES } from './json-limits.ts'

/** Texts up to this length are read by `JSON.parse`, which takes some milliseconds at most. */
const SMALL = 128 * 1024

/** Characters that are read between two pauses, also in some milliseconds. */
const STEP = 512 * 1024

/**
 * Parses the text of a request body. A large text is read in steps; between two steps, other
 * requests are served.
 *
 * @param pause lets other work run
 * @throws ApiError `invalid_request_error` if the text is empty or no JSON, or can't be passed on
 */
export async function parseJson(
  text: string,
  pause: () => Promise<unknown> = setImmediate,
): Promise<unknown> {
  try {
    if (text.length <= SMALL) return parseAtOnce(text)
    const reader = new JsonReader(text)
    while (!reader.advance(STEP)) await pause()
    return reader.result
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof NotJson)) throw cause
    throw new ApiError(
      'invalid_request_error',
      text.trim() === ''
        ? 'The request body is empty; a JSON object was expected'
        : `The request body is not valid JSON: ${cause.message}`,
      { cause },
    )
  }
}

/**
 * The value of a JSON text inside a body, such as the arguments of a call. The limit is above the
 * number of values that a model can write in one reply; a longer text is refused early.
 *
 * @returns undefined if the text is no JSON
 * @throws ApiError as `parseJson` does, if it can't be passed on unchanged
 */
export function parseInnerJson(text: string): unknown {
  try {
    if (text.length <= SMALL) return parseAtOnce(text)
    const reader = new JsonReader(text, MAX_INNER_VALUES)
    while (!reader.advance(STEP));
    return reader.result
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof NotJson) return undefined
    throw cause
  }
}

function parseAtOnce(text: string): unknown {
  const body: unknown = JSON.parse(text)
  checkValues(body)
  return body
}
