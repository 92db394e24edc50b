import { expect, test } from 'vitest'

import { isStartFailure, startFailureReason } from './start-failure.ts'

function failure(code: string): Error {
  return Object.assign(new Error(`spawn ${code}`), { code, syscall: 'spawn claude' })
}

test.each([
  ['EMFILE', 'too many files are open (EMFILE)'],
  ['ENFILE', 'too many files are open in the whole system (ENFILE)'],
  ['EAGAIN', 'this user may have no more processes (EAGAIN)'],
  ['ENOMEM', 'there is not enough memory (ENOMEM)'],
  ['E2BIG', 'E2BIG'],
])('%s has a plain message, with the error code', (code, reason) => {
  expect(isStartFailure(failure(code))).toBe(true)
  expect(startFailureReason(failure(code))).toBe(reason)
})

test('an error at the end of a process is no failed start', () => {
  const ended = Object.assign(new Error('Command failed'), { code: 1 })
  expect(isStartFailure(ended)).toBe(false)
  const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' })
  expect(isStartFailure(broken)).toBe(false)
})
