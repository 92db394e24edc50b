import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'

import { afterAll, expect, test } from 'vitest'

import { endCommands, ENDING, runtimesIn, startServer } from '../../support/command.ts'
import { waitUntilGone } from '../../support/processes.ts'
import { makeSandbox } from '../../support/sandbox.ts'
import { startStandin } from '../../support/standin.ts'

/** Changes what a process may have open; a part of util-linux. */
const PRLIMIT = '/usr/bin/prlimit'

const standin = await startStandin()
const sandbox = makeSandbox(standin.url)

afterAll(async () => {
  await endCommands(sandbox)
  await standin.close()
  sandbox.remove()
})

function mayOpen(pid: number, files: number): void {
  execFileSync(PRLIMIT, [`--pid=${pid}`, `--nofile=${files}:`])
}

test.skipIf(!existsSync(PRLIMIT))(
  'without a free descriptor the true reason is told, and with some the next request is served',
  async () => {
    const { command, url } = await startServer({
      args: ['--port', '0', '--host', '127.0.0.1', '--max-processes', '1'],
      env: sandbox.env,
      cwd: sandbox.workFolder,
    })
    const ask = async (): Promise<{ status: number; text: string }> => {
      const response = await fetch(`${url}/v1/messages`, {
        method: 'POST',
        body: JSON.stringify({ max_tokens: 9, messages: [{ role: 'user', content: 'Hello' }] }),
      })
      return { status: response.status, text: await response.text() }
    }
    expect(await ask()).toMatchObject({ status: 200 })

    // What its only process of the runtime gives back is enough for a connection, not for another one.
    mayOpen(command.pid, readdirSync(`/proc/${command.pid}/fd`).length)
    const [runtime = 0] = runtimesIn(sandbox.folder)
    process.kill(runtime, 'SIGKILL')
    await waitUntilGone([runtime], ENDING)
    const reason = 'could not be started: too many files are open (EMFILE)'
    expect(await ask()).toMatchObject({
      status: 500,
      text: expect.stringContaining(reason) as string,
    })
    const status = await fetch(`${url}/auth/status`)
    expect(await status.json()).toMatchObject({
      problem: expect.stringContaining(reason) as string,
    })

    mayOpen(command.pid, 1024)
    expect(await ask()).toMatchObject({ status: 200 })
  },
)
