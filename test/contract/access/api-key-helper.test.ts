import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { createProxy, type Proxy } from '../../../src/proxy.ts'
import { error, message } from '../../support/answers.ts'
import { asking } from '../../support/compare-bench.ts'
import { textMessage } from '../../support/messages.ts'
import { makeSandbox, NO_LOGIN, type Sandbox } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'

/* The key comes from a command in the user's own settings of Claude Code. */

let standin: Standin
let sandbox: Sandbox
let proxy: Proxy

/** The output of the command. */
function setKey(key: string): void {
  writeFileSync(join(sandbox.folder, 'key'), key)
}

beforeAll(async () => {
  standin = await startStandin()
  sandbox = makeSandbox(standin.url, NO_LOGIN)
  setKey('sk-ant-api03-made-up-one')
  const settings = { apiKeyHelper: `cat ${join(sandbox.folder, 'key')}` }
  const path = join(sandbox.env['CLAUDE_CONFIG_DIR'] ?? '', 'settings.json')
  writeFileSync(path, JSON.stringify(settings))
  proxy = await createProxy({ env: sandbox.env, port: 0, maxProcesses: 1 })
})
afterAll(async () => {
  await proxy?.close()
  await standin?.close()
  sandbox?.remove()
})
beforeEach(() => standin.reset())

function ask(prompt: string): Promise<Response> {
  return proxy.fetch('http://localhost/v1/messages', {
    method: 'POST',
    body: JSON.stringify(asking(prompt)),
  })
}

test("the helper's key is used, and the conversation is unchanged", async () => {
  const response = await ask('Hello')
  expect(response.status, await response.text()).toBe(200)
  const [upstream] = standin.messages
  expect(upstream?.headers['x-api-key']).toBe('sk-ant-api03-made-up-one')
  expect(JSON.stringify(upstream?.body.messages)).not.toContain('system-reminder')
})

test('/auth/status names the helper, and not the key', async () => {
  const status = await (await proxy.fetch('http://localhost/auth/status')).text()
  expect(JSON.parse(status)).toMatchObject({
    authenticated: true,
    runtime_reminders: { added: false, reason: "apiKeyHelper is set in Claude Code's settings" },
  })
  expect(status).not.toContain('made-up-one')
})

test('a replaced key is read again when the API refuses the old one', async () => {
  setKey('sk-ant-api03-made-up-two')
  standin.answer = ({ headers }) =>
    headers['x-api-key'] === 'sk-ant-api03-made-up-two'
      ? message(textMessage('Hello again.'))
      : error(401, 'authentication_error', 'invalid x-api-key')

  const statuses = [(await ask('One.')).status, (await ask('Two.')).status]

  // The runtime may have asked for the key again by itself.
  expect(statuses.at(-1)).toBe(200)
  expect(standin.messages.at(-1)?.headers['x-api-key']).toBe('sk-ant-api03-made-up-two')
})
