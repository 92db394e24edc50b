import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { createProxy, type Proxy } from '../../../src/proxy.ts'
import { error, message } from '../../support/answers.ts'
import { assistantMessage, textBlock, textMessage, usage } from '../../support/messages.ts'
import { makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'

let standin: Standin
let sandbox: Sandbox
let proxy: Proxy
let client: Anthropic
let folder: string

beforeAll(async () => {
  standin = await startStandin()
  sandbox = makeSandbox(standin.url)
  folder = join(sandbox.folder, 'project')
  mkdirSync(folder)
  proxy = await createProxy({
    env: sandbox.env,
    host: '127.0.0.1',
    toolsEnabled: true,
    toolsFolder: folder,
  })
  client = new Anthropic({ fetch: proxy.fetch, apiKey: 'unused', maxRetries: 0 })
})

afterAll(async () => {
  await proxy?.close()
  await standin?.close()
  sandbox?.remove()
})

beforeEach(() => standin.reset())

const QUESTION = { max_tokens: 500, model: 'claude-sonnet-4-6' } as const

function callOf(command: string, text: string): ReturnType<typeof message> {
  const call = {
    type: 'tool_use' as const,
    id: `toolu_${standin.messages.length}`,
    name: 'Bash',
    input: { command, description: 'test' },
    caller: { type: 'direct' as const },
  }
  const counts = usage({ input_tokens: 100, output_tokens: 10 })
  return message(
    assistantMessage([textBlock(text), call], { stop_reason: 'tool_use', usage: counts }),
  )
}

describe('with tools_enabled', () => {
  test("Claude Code's tools work in the folder, and the client gets one message with all steps", async () => {
    standin.reply(callOf('echo made by a tool > made.txt; pwd', 'I write the file.'))
    standin.reply(
      message(
        textMessage('It is done.', { usage: usage({ input_tokens: 200, output_tokens: 20 }) }),
      ),
    )

    const reply = await client.messages.create({
      ...QUESTION,
      messages: [{ role: 'user', content: 'make a file' }],
    })

    expect(readFileSync(join(folder, 'made.txt'), 'utf8')).toBe('made by a tool\n')
    expect(standin.messages).toHaveLength(2)
    expect(JSON.stringify(standin.messages[1]?.body.messages.at(-1))).toContain(folder)
    expect(reply.content.map((block) => block.type === 'text' && block.text)).toEqual([
      'I write the file.',
      'It is done.',
    ])
    expect(reply.stop_reason).toBe('end_turn')
    expect(reply.usage).toMatchObject({
      input_tokens: 300,
      output_tokens: 30,
      cache_creation: { ephemeral_5m_input_tokens: 14, ephemeral_1h_input_tokens: 10 },
    })
  })

  test('the stream grows with the steps and ends once', async () => {
    standin.reply(callOf('true', 'First step.'))
    standin.reply(message(textMessage('Second step.')))

    const types: string[] = []
    const stream = client.messages.stream({
      ...QUESTION,
      messages: [{ role: 'user', content: 'two steps' }],
    })
    stream.on('streamEvent', (event) => types.push(event.type))
    const final = await stream.finalMessage()

    expect(types.filter((type) => type === 'message_start')).toHaveLength(1)
    expect(types.filter((type) => type === 'message_stop')).toHaveLength(1)
    expect(final.content).toHaveLength(2)
  })

  test('the file tools can not write outside the folder', async () => {
    const outside = join(sandbox.folder, 'outside.txt')
    const call = {
      type: 'tool_use' as const,
      id: 'toolu_write',
      name: 'Write',
      input: { file_path: outside, content: 'x' },
      caller: { type: 'direct' as const },
    }
    standin.reply(message(assistantMessage([call], { stop_reason: 'tool_use' })))
    standin.reply(message(textMessage('I could not.')))

    await client.messages.create({
      ...QUESTION,
      messages: [{ role: 'user', content: 'write outside' }],
    })

    expect(existsSync(outside)).toBe(false)
    expect(standin.messages[1]?.body.messages.at(-1)?.content).toMatchObject([
      { type: 'tool_result', is_error: true },
    ])
  })

  test("the client's text is still data", async () => {
    const text = '@/etc/passwd and /cost'
    await client.messages.create({ ...QUESTION, messages: [{ role: 'user', content: text }] })

    const wire = JSON.stringify(standin.messages[0]?.body.messages)
    expect(wire).toContain(text)
    expect(wire).not.toContain('root:')
  })

  test("a call of the client's tool goes to the client, whatever its name", async () => {
    standin.reply(callOf('touch made-by-the-runtime', 'I call your tool.'))
    const reply = await client.messages.create({
      ...QUESTION,
      tools: [{ name: 'Bash', input_schema: { type: 'object' } }],
      messages: [{ role: 'user', content: 'call my tool' }],
    })
    expect(reply.stop_reason).toBe('tool_use')
    expect(reply.content.at(-1)).toMatchObject({ type: 'tool_use', name: 'Bash' })
    expect(existsSync(join(folder, 'made-by-the-runtime'))).toBe(false)
    expect(standin.messages).toHaveLength(1)
  })

  test('a request with tools of its own is served as without tools_enabled', async () => {
    const tool = { name: 'lookup', input_schema: { type: 'object' as const } }
    await client.messages.create({
      ...QUESTION,
      tools: [tool],
      messages: [{ role: 'user', content: 'hello' }],
    })

    expect(standin.messages[0]?.body.tools).toEqual([tool])
  })

  test("an error of the API in a later step is the reply's error", async () => {
    standin.reply(callOf('true', 'First.'))
    standin.reply(error(529, 'overloaded_error', 'Overloaded'))

    const asked = client.messages.create({
      ...QUESTION,
      messages: [{ role: 'user', content: 'fails later' }],
    })

    await expect(asked).rejects.toMatchObject({ status: 529 })
  })
})
