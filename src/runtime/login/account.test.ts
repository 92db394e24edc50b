import { expect, test } from 'vitest'

import { readAccount } from './account.ts'

const launch = { command: '/nowhere/made-up', args: [], cwd: undefined, env: {} }

test('the error has the reason if the runtime can not be started', async () => {
  await expect(readAccount(launch, 10_000)).rejects.toThrow(
    /^the runtime could not be started: its executable or .* \(ENOENT\)$/,
  )
})

test('the error also has it if the start fails at once', async () => {
  const env = { TOO_LONG: 'x'.repeat(3_000_000) }
  await expect(readAccount({ ...launch, command: process.execPath, env }, 10_000)).rejects.toThrow(
    /^the runtime could not be started: E2BIG$/,
  )
})
