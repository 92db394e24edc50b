import { ApiError } from '../errors.ts'

/** Maximum levels of lists and objects in a body. Recursive JSON code fails at some thousands. */
export const MAX_DEPTH = 500

/**
 * Maximum values in a body. Each takes at least a token, and no model reads that many. Checking a
 * longer body would block other requests.
 */
export const MAX_VALUES = 1_000_000

/**
 * Maximum values in a JSON text inside a body. It is read without a pause, which takes some tens of
 * milliseconds.
 */
export const MAX_INNER_VALUES = 100_000

/**
 * Maximum keys of one object. Beyond that, V8 needs ten times as long for each key, and more to
 * list them.
 */
export const MAX_KEYS = 100_000

/** The 400 for a body that can't be passed on unchanged. */
export function unusable(what: string): ApiError {
  return new ApiError('invalid_request_error', `The request body holds ${what}.`)
}

export const TOO_DEEP = 'values that are nested too deeply'
export const tooManyValues = (limit: number): string => `more than ${limit} values`
export const TOO_MANY_KEYS = `an object with more than ${MAX_KEYS} keys`

/** @throws ApiError for a lone surrogate, which would become another character */
export function checkText(text: string): void {
  if (!text.isWellFormed()) throw unusable('a lone surrogate in a string')
}

/** @throws ApiError for a number out of JavaScript's range, which would become `null` */
export function checkNumber(value: number): void {
  if (!Number.isFinite(value)) throw unusable('a number out of range')
}
