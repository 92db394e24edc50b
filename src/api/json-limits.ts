import { ApiError } from '../errors.ts'

/** Levels of lists and objects in a body. What reads or writes JSON by recursion gives up at some thousands. */
export const MAX_DEPTH = 500

/**
 * Values in a body: each takes at least a token, and no model reads that many. What is longer would
 * keep everyone else waiting while it is looked at.
 */
export const MAX_VALUES = 1_000_000

/** Values in a text of JSON inside of a body, which is read in one go: some tens of milliseconds. */
export const MAX_INNER_VALUES = 100_000

/** Keys of one object. Beyond that, V8 takes ten times as long for each key, and more for a look at all. */
export const MAX_KEYS = 100_000

/** The 400 for a body that can't be passed on as it came. */
export function unusable(what: string): ApiError {
  return new ApiError('invalid_request_error', `The request body holds ${what}.`)
}

export const TOO_DEEP = 'values that are nested too deeply'
export const tooManyValues = (limit: number): string => `more than ${limit} values`
export const TOO_MANY_KEYS = `an object with more than ${MAX_KEYS} keys`

/** @throws ApiError for half a surrogate pair, which would become another character */
export function checkText(text: string): void {
  if (!text.isWellFormed()) throw unusable('half a surrogate pair in a string')
}

/** @throws ApiError for a number that is none in JavaScript, which would become `null` */
export function checkNumber(value: number): void {
  if (!Number.isFinite(value)) throw unusable('a number out of range')
}
