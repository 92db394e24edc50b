import { expect, test } from 'vitest'

import { ApiError } from '../errors.ts'
import { openaiErrorBody } from './error-body.ts'
import { invalid } from './invalid.ts'

test('an error of the API keeps its message and type', () => {
  expect(openaiErrorBody(new ApiError('overloaded_error', 'Overloaded'))).toEqual({
    error: { message: 'Overloaded', type: 'overloaded_error', param: null, code: null },
  })
})

test.each([
  ['authentication_error', 'invalid_api_key'],
  ['rate_limit_error', 'rate_limit_exceeded'],
])('%s has the code that clients check', (type, code) => {
  expect(openaiErrorBody(new ApiError(type, 'No.')).error).toMatchObject({ type, code })
})

test('an error of a field names the field', () => {
  expect(openaiErrorBody(invalid('n: No.', 'n', 'unsupported_parameter')).error).toEqual({
    message: 'n: No.',
    type: 'invalid_request_error',
    param: 'n',
    code: 'unsupported_parameter',
  })
})
