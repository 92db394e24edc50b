import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { endCommands, startServer } from '../../support/command.ts'
import { descendants, waitUntilGone } from '../../support/processes.ts'
import { makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'

let standin: Standin
let sandbox: Sandbox

beforeAll(async () => {
  standin = await startStandin()
  sandbox = makeSandbox(standin.url)
})

afterAll(async () => {
  await endCommands(sandbox)
  await standin.close()
  sandbox.remove()
})

test("the command logs a turn in one line, keeps the counts in the user's state folder, and ends at SIGHUP", async () => {
  const { command, url } = await startServer({
    args: ['--port', '0'],
    env: sandbox.env,
    cwd: sandbox.workFolder,
  })
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ max_tokens: 9, messages: [{ role: 'user', content: 'A secret.' }] }),
  })
  expect(response.status).toBe(200)
  const [line = ''] = await command.hasWritten('stdout', /^\{.*"msg":"turn"\}$/m)
  expect(JSON.parse(line)).toMatchObject({
    id: response.headers.get('request-id'),
    upstreamId: standin.messages[0]?.requestId,
    lane: 'open',
    status: 200,
    inputTokens: 21,
    outputTokens: 55,
  })
  const runtimes = descendants(command.pid).map(({ pid }) => pid)
  command.signal('SIGHUP')
  const { stdout, stderr, ...end } = await command.ended
  expect(end).toEqual({ code: 0, signal: null })
  await waitUntilGone(runtimes)
  const state = join(sandbox.env['HOME'] ?? '', '.local', 'state', 'claude-sub-proxy')
  const text = readFileSync(join(state, 'usage.json'), 'utf8')
  expect(Object.values((JSON.parse(text) as { days: object }).days)).toMatchObject([
    { requests: 1, errors: 0, input_tokens: 21, output_tokens: 55 },
  ])
  expect(`${stdout}${stderr}${text}`).not.toContain('secret')
})
