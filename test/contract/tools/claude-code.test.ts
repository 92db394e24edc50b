import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { query } from '@anthropic-ai/claude-agent-sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { createProxy, type Proxy } from '../../../src/proxy.ts'
import { message } from '../../support/answers.ts'
import { textMessage, toolUseMessage } from '../../support/messages.ts'
import { makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'
import { recordTurns } from '../../support/turns.ts'

let standin: Standin
let ours: Sandbox
let theirs: Sandbox
let proxy: Proxy
const log = recordTurns()

beforeAll(async () => {
  standin = await startStandin()
  ours = makeSandbox(standin.url)
  proxy = await createProxy({
    env: ours.env,
    host: '127.0.0.1',
    port: 0,
    runtimeReminders: 'KEEP',
    logger: log.logger,
  })
  const { url } = await proxy.listen()
  theirs = makeSandbox(url)
})

afterAll(async () => {
  await proxy?.close()
  await standin?.close()
  ours?.remove()
  theirs?.remove()
})

test('Claude Code, pointed at the proxy, does a task of several steps with its own tools', async () => {
  const file = join(theirs.workFolder, 'made.txt')
  const calls = [
    { id: 'toolu_write', name: 'Write', input: { file_path: file, content: 'one\n' } },
    { id: 'toolu_bash', name: 'Bash', input: { command: `echo two >> ${file}` } },
    { id: 'toolu_read', name: 'Read', input: { file_path: file } },
  ]
  for (const call of calls) standin.reply(message(toolUseMessage([call])))
  standin.reply(message(textMessage('The file has two lines.')))

  const run = query({
    prompt: 'make a file of two lines',
    options: {
      env: theirs.env,
      cwd: theirs.workFolder,
      model: 'claude-sonnet-4-6',
      allowedTools: ['Write', 'Bash', 'Read'],
      permissionMode: 'acceptEdits',
      settingSources: [],
    },
  })
  let result: string | undefined
  for await (const event of run) {
    if (event.type === 'result' && event.subtype === 'success') result = event.result
  }

  expect(result).toBe('The file has two lines.')
  expect(readFileSync(file, 'utf8')).toBe('one\ntwo\n')
  expect(standin.messages).toHaveLength(4)
  const told = JSON.stringify(standin.messages[3]?.body.messages)
  for (const call of calls) expect(told).toContain(call.id)
  expect(log.turns.map((turn) => turn.lane)).toEqual(['open', 'resolve', 'resolve', 'resolve'])
  expect(standin.messages[0]?.body.tools?.map((tool) => 'name' in tool && tool.name)).toContain(
    'Bash',
  )
})
