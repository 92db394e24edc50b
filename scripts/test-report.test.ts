import { expect, test } from 'vitest'

import { failuresOf, renderFailures } from './test-report.ts'

const REPORT = {
  testResults: [
    {
      name: '/clone/test/contract/wire/system.test.ts',
      status: 'failed',
      assertionResults: [
        { status: 'passed', fullName: 'a prompt is sent' },
        {
          status: 'failed',
          fullName: 'blocks are joined',
          failureMessages: ['AssertionError: \u001B[31mexpected\u001B[39m 1\n    at somewhere'],
        },
      ],
    },
    {
      name: '/clone/test/contract/wire/tools.test.ts',
      status: 'failed',
      message: 'Cannot find module\nin a file',
      assertionResults: [],
    },
    { name: '/clone/test/contract/reply/whole.test.ts', status: 'passed', assertionResults: [] },
  ],
}

test('each failed test is listed with its file and the first line of the error', () => {
  expect(renderFailures(failuresOf(REPORT, '/clone'))).toBe(
    [
      'test/contract/wire/system.test.ts',
      '  blocks are joined',
      '    AssertionError: expected 1',
      'test/contract/wire/tools.test.ts',
      '  the file itself',
      '    Cannot find module',
    ].join('\n'),
  )
})

test('a report without tests is a failure', () => {
  expect(() => failuresOf({ testResults: [] }, '/clone')).toThrow(TypeError)
  expect(() => failuresOf({}, '/clone')).toThrow(TypeError)
})
