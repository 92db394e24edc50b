import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createProxy, type Proxy } from '../../../src/proxy.ts'
import { error, message } from '../../support/answers.ts'
import { type Cloud, type CloudName, startCloud } from '../../support/clouds.ts'
import { thinkingMessage, toolUseMessage } from '../../support/messages.ts'
import { cacheBreak } from '../../support/prefix.ts'
import { type RuntimeGate, watchGate } from '../../support/runtime-gate.ts'
import { makeSandbox, NO_LOGIN, NOTHING_OUTSIDE, type Sandbox } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'

/*
 * Logins of cloud providers: a conversation is sent as a whole, and nothing is added to it. The
 * clouds are fakes: they accept the runtime's requests in their own form, and let the stand-in
 * answer.
 */

const NAMES: CloudName[] = ['bedrock', 'vertex', 'foundry']

type Turn = { role: string; content: object[] }

const MARK = { cache_control: { type: 'ephemeral' } }

/** With a breakpoint of the client's, so that the runtime sets none in the messages. */
function user(...content: object[]): Turn {
  return { role: 'user', content: [...content.slice(0, -1), { ...content.at(-1), ...MARK }] }
}

function unmarked({ role, content }: Turn): Turn {
  const blocks = content.map((block) => ({ ...block, cache_control: undefined }))
  return { role, content: JSON.parse(JSON.stringify(blocks)) as object[] }
}

const text = (words: string): object => ({ type: 'text', text: words })

const TOOLS = [{ name: 'look', description: 'Looks.', input_schema: { type: 'object' } }]

let gate: RuntimeGate

beforeAll(() => {
  gate = watchGate()
})

describe.each(NAMES)('%s', (name) => {
  let standin: Standin
  let cloud: Cloud
  let sandbox: Sandbox
  let proxy: Proxy
  let messages: Turn[] = []

  beforeAll(async () => {
    standin = await startStandin()
    cloud = await startCloud(name, standin)
    sandbox = makeSandbox(standin.url, { ...NO_LOGIN, ...NOTHING_OUTSIDE, ...cloud.variables })
    proxy = await createProxy({ env: sandbox.env, maxProcesses: 1 })
  })
  afterAll(async () => {
    await proxy?.close()
    await cloud?.close()
    await standin?.close()
    sandbox?.remove()
  })

  async function post(turns: readonly Turn[]) {
    const response = await proxy.fetch('http://localhost/v1/messages', {
      method: 'POST',
      body: JSON.stringify({
        model: 'claude-opus-5-5',
        max_tokens: 4000,
        thinking: { type: 'adaptive' },
        system: 'Be brief.',
        tools: TOOLS,
        messages: turns,
      }),
    })
    return { status: response.status, body: (await response.json()) as { content: object[] } }
  }

  /**
   * Sends a request, and compares it with the request upstream; the conversation continues with the
   * reply.
   */
  async function ask(prompt: Turn, before = messages): Promise<void> {
    const turns = [...before.map(unmarked), prompt]
    const count = standin.messages.length
    const { status, body } = await post(turns)
    expect(status, JSON.stringify(body)).toBe(200)
    expect(standin.messages).toHaveLength(count + 1)
    const wire = standin.messages.at(-1)?.body
    expect(wire?.messages).toEqual(turns)
    expect(wire).toMatchObject({
      model: 'claude-opus-5-5',
      max_tokens: 4000,
      thinking: { type: 'adaptive' },
      tools: TOOLS,
    })
    const [, , own, ...others] = wire?.system ?? []
    expect([own, others]).toMatchObject([{ text: 'Be brief.' }, []])
    messages = [...turns, { role: 'assistant', content: body.content }]
  }

  test('turns with thoughts, calls and an edit arrive unchanged, with no character added', async () => {
    standin.reply(message(thinkingMessage('Hm.', 'Where?')))
    await ask(user(text('Look there.')))
    const before = messages
    const call = toolUseMessage([{ id: 'toolu_1', name: 'look', input: { at: 'the sky' } }])
    const [thought] = thinkingMessage('Up.', '').content
    standin.reply(message({ ...call, content: [thought, ...call.content] as typeof call.content }))
    await ask(user({ type: 'tool_reference_of_tomorrow' }, text('The sky.')))
    await ask(user({ type: 'tool_result', tool_use_id: 'toolu_1', content: 'Blue.' }))
    await ask(user(text('The sea, rather.')), before)
    const [first = {}, second = {}, third = {}, edited = {}] = standin.messages.map(
      ({ body }): Record<string, unknown> => ({ ...body }),
    )
    expect([
      cacheBreak(first, second),
      cacheBreak(second, third),
      cacheBreak(first, edited),
    ]).toEqual([undefined, undefined, undefined])
  })

  test('is the provider of /auth/status, which has no secret', async () => {
    const status = await (await proxy.fetch('http://localhost/auth/status')).text()
    expect(JSON.parse(status)).toMatchObject({ authenticated: true, provider: name })
    expect(status).not.toContain('made-up')
  })

  // On Bedrock and Vertex the runtime would repeat the request after any 400, and then try other
  // models.
  test('a refusal is requested once', async () => {
    const count = standin.messages.length
    const before = cloud.asked.filter((line) => line.startsWith('POST')).length
    standin.answer = async () => {
      if (name !== 'foundry') await gate.closed()
      return error(400, 'invalid_request_error', 'Something is not right.')
    }
    const { status, body } = await post([user(text('Hello?'))])
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { error: { message: 'Something is not right.' } },
    })
    expect(standin.messages).toHaveLength(count + 1)
    expect(cloud.asked.filter((line) => line.startsWith('POST'))).toHaveLength(before + 1)
  })
})
