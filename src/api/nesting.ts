import { ApiError } from '../errors.ts'

/**
 * Takes a step that goes through the whole of a client's JSON. What is nested some thousand levels
 * deep can be read, but not written.
 *
 * @throws ApiError `invalid_request_error` where the step runs out of stack
 */
export function refuseDeepNesting<Result>(step: () => Result): Result {
  try {
    return step()
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new ApiError('invalid_request_error', 'The request is nested too deeply.', { cause })
  }
}
