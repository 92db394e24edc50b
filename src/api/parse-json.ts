import { setImmediate } from 'node:timers/promises'

import { ApiError } from '../errors.ts'
import { checkValues } from './check-values.ts'
import { JsonReader, NotJson } from './json-reader.ts'
import { MAX_INNER_VALUES } from './json-limits.ts'

/** Characters of a text that `JSON.parse` may read at once: that takes it some milliseconds at most. */
const SMALL = 128 * 1024

/** Characters that are read between two looks at what else there is to do: some milliseconds as well. */
const STEP = 512 * 1024

/**
 * Parses the text of a request body. A large one is read in steps, between which others are served.
 *
 * @param pause lets others go on
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
 * The value of a text of JSON inside of a body, such as the arguments of a call. No model writes more
 * values in one reply than are taken here; what is longer is refused as soon as that is seen.
 *
 * @returns undefined if the text is no JSON
 * @throws ApiError as `parseJson` does, if it can't be passed on
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
