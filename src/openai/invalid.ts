import type { z } from 'zod'

import { describeIssue, deepestIssue } from '../api/validation-message.ts'
import { ApiError } from '../errors.ts'
import { longListIn, MAX_PARTS } from './part-limit.ts'

/**
 * The error for an invalid request, or for a feature that the model's API does not have.
 *
 * @param param the field, as OpenAI's errors name it: `messages[0].content`
 * @param code OpenAI's word for programs, if there is one
 */
export function invalid(message: string, param: string | null = null, code?: string): ApiError {
  return new ApiError('invalid_request_error', message, {
    details: { param, ...(code !== undefined && { code }) },
  })
}

/**
 * Checks the shape of a request.
 *
 * @throws ApiError `invalid_request_error` that names the first field that is wrong
 */
export function checkShape(schema: z.ZodType, body: unknown): void {
  const long = longListIn(body)
  if (long !== undefined) throw tooMany(long)
  const { error } = schema.safeParse(body, { error: describeIssue })
  const issue = error?.issues[0]
  if (issue === undefined) return
  const { path, message } = deepestIssue(issue)
  if (path.length === 0) throw invalid(message)
  const field = fieldName(path)
  throw invalid(`${field}: ${message}`, field)
}

/** The error for a list with too many parts. */
export function tooMany(field: string): ApiError {
  const message = `${field}: at most ${MAX_PARTS} messages, items and parts are allowed in one request.`
  return invalid(message, field, 'array_above_max_length')
}

function fieldName(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
  return steps.join('').replace(/^\./, '')
}
