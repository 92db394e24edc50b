import { expect, test } from 'vitest'

import { readAccount } from './account.ts'

const launch = { command: '/nowhere/made-up', args: [], cwd: undefined, env: {} }

test('a runtime that can not be started is told as that, with the reason', async () => {
  await expect(readAccount(launch, 10_000)).rejects.toThrow(
    /^the runtime could not be started: its executable, .* \(ENOENT\)$/,
  )
})

test('a start that fails at once as well', async () => {
  const env = { TOO_LONG: 'x'.repeat(3_000_000) }
  await expect(readAccount({ ...launch, command: process.execPath, env }, 10_000)).rejects.toThrow(
    /^the runtime could not be started: E2BIG$/,
  )
})
