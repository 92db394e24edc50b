import { ApiError } from '../errors.ts'

/** Levels of lists and objects in a body. What reads or writes JSON by recursion gives up at some thousands. */
export const MAX_DEPTH = 500

/**
 * Values in a body: each takes at least a token, and no model reads that many. What is longer would
 * keep everyone else waiting while it is looked at.
 */
export const MAX_VALUES = 1_000_000

/**
 * Checks that a body can be passed on as it came: written again and read by another program, it says
 * the same.
 *
 * @param body what `JSON.parse` gave
 * @throws ApiError `invalid_request_error` where it is nested too deeply or has too many values, for
 * a number that is none in JavaScript (it would become `null`), and for half a surrogate pair (it
 * would become another character)
 */
export function checkValues(body: unknown): void {
  let level = [body]
  let count = 0
  for (let depth = 0; level.length > 0; depth += 1) {
    count += level.length
    if (count > MAX_VALUES) throw invalid(`more than ${MAX_VALUES} values`)
    const next: unknown[] = []
    for (const value of level) {
      if (typeof value === 'string') checkText(value)
      else if (typeof value === 'number') checkNumber(value)
      else if (typeof value === 'object' && value !== null) {
        if (depth === MAX_DEPTH) throw invalid('values that are nested too deeply')
        addParts(value, next)
      }
    }
    level = next
  }
}

function addParts(value: object, parts: unknown[]): void {
  if (Array.isArray(value)) {
    for (const part of value as unknown[]) parts.push(part)
    return
  }
  for (const [name, part] of Object.entries(value)) {
    checkText(name)
    parts.push(part)
  }
}

function checkText(text: string): void {
  if (!text.isWellFormed()) throw invalid('half a surrogate pair in a string')
}

function checkNumber(value: number): void {
  if (!Number.isFinite(value)) throw invalid('a number out of range')
}

function invalid(what: string): ApiError {
  return new ApiError('invalid_request_error', `The request body holds ${what}.`)
}
