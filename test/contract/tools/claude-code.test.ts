import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { ContentBlock } from '@anthropic-ai/sdk/resources/messages'
import { query } from '@anthropic-ai/claude-agent-sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { createProxy, type Proxy } from '../../../src/proxy.ts'
import { message } from '../../support/answers.ts'
import { CARRIER, RUNTIME_REMINDERS } from '../../support/carrier.ts'
import { textMessage, toolUseMessage } from '../../support/messages.ts'
import { makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'
import { recordTurns } from '../../support/turns.ts'

let standin: Standin
let ours: Sandbox
let theirs: Sandbox
let proxy: Proxy
const log = recordTurns()

const THOUGHT: ContentBlock = { type: 'thinking', thinking: 'Hm.', signature: 'made-up' }

beforeAll(async () => {
  standin = await startStandin()
  ours = makeSandbox(standin.url)
  proxy = await createProxy({
    env: ours.env,
    host: '127.0.0.1',
    port: 0,
    maxProcesses: 1,
    runtimeReminders: RUNTIME_REMINDERS,
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

const MODELS = CARRIER === 'whole' ? ['claude-opus-5-5'] : ['claude-sonnet-4-6', 'claude-opus-5-5']

test.each(MODELS)(
  'Claude Code completes a task of several steps with its own tools, with %s',
  async (model) => {
    const file = join(theirs.workFolder, `${model}.txt`)
    standin.reset()
    const before = log.turns.length
    const calls = [
      { id: 'toolu_write', name: 'Write', input: { file_path: file, content: 'one\n' } },
      { id: 'toolu_bash', name: 'Bash', input: { command: `echo two >> ${file}` } },
      { id: 'toolu_read', name: 'Read', input: { file_path: file } },
    ]
    for (const call of calls) {
      const { content, ...rest } = toolUseMessage([call])
      standin.reply(message({ ...rest, content: [THOUGHT, ...content] }))
    }
    standin.reply(message(textMessage('The file has two lines.')))

    const run = query({
      prompt: 'make a file of two lines',
      options: {
        env: theirs.env,
        cwd: theirs.workFolder,
        model,
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
    const lanes = log.turns.slice(before).map((turn) => turn.lane)
    // To newer models Claude Code also sends system messages, so that a step is more than a result.
    if (model === 'claude-sonnet-4-6') {
      expect(lanes).toEqual(['open', ...Array.from({ length: 3 }, () => 'resolve')])
    }
    expect(standin.messages[0]?.body.tools?.map((tool) => 'name' in tool && tool.name)).toContain(
      'Bash',
    )
  },
)
