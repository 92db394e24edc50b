import {
  checkNumber,
  checkText,
  MAX_DEPTH,
  MAX_KEYS,
  MAX_VALUES,
  TOO_DEEP,
  TOO_MANY_KEYS,
  tooManyValues,
  unusable,
} from './json-limits.ts'

/**
 * Checks that a body can be passed on unchanged: serialized again, it means the same to another
 * program.
 *
 * @param body the result of `JSON.parse`
 * @throws ApiError `invalid_request_error` if it is nested too deeply or has too many values, for a
 * number out of JavaScript's range (it would become `null`), and for a lone surrogate (it
 * would become another character)
 */
export function checkValues(body: unknown): void {
  let level = [body]
  let count = 0
  for (let depth = 0; level.length > 0; depth += 1) {
    count += level.length
    if (count > MAX_VALUES) throw unusable(tooManyValues(MAX_VALUES))
    const next: unknown[] = []
    for (const value of level) {
      if (typeof value === 'string') checkText(value)
      else if (typeof value === 'number') checkNumber(value)
      else if (typeof value === 'object' && value !== null) {
        if (depth === MAX_DEPTH) throw unusable(TOO_DEEP)
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
  const entries = Object.entries(value)
  if (entries.length > MAX_KEYS) throw unusable(TOO_MANY_KEYS)
  for (const [name, part] of entries) {
    checkText(name)
    parts.push(part)
  }
}
