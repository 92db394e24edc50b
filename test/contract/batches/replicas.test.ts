import { execFile } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { codeBlocks } from '../../docs/markdown.ts'
import { events, message } from '../../support/answers.ts'
import { buildOnce, endCommands, runCommand, startServer } from '../../support/command.ts'
import { makeGate } from '../../support/gate.ts'
import { textMessage } from '../../support/messages.ts'
import { POSTGRES_FOLDER, startPostgres, type TemporaryPostgres } from '../../support/postgres.ts'
import { makeSandbox, type Sandbox, SUBSCRIPTION_LOGIN } from '../../support/sandbox.ts'
import { type MessageRequest, type Standin, startStandin } from '../../support/standin.ts'
import { until } from '../../support/until.ts'

/*
 * Two servers that share a database of a real PostgreSQL.
 */

describe.skipIf(POSTGRES_FOLDER === undefined)('replicas', () => {
  let postgres: TemporaryPostgres
  let standin: Standin
  let sandbox: Sandbox
  let url: string
  let one: Server
  let two: Server
  /** The example of docs/teams.md, line by line, except its last line, the removal. */
  let example: string[]
  let removal: string
  let alice: string

  beforeAll(async () => {
    postgres = await startPostgres()
    standin = await startStandin()
    sandbox = makeSandbox(standin.url)
    url = await postgres.makeDatabase()
    const [last = '', ...others] = (codeBlocks(TEAMS, 'sh')[0] ?? '')
      .trim()
      .split('\n')
      .toReversed()
    removal = last
    example = others.toReversed()
    await buildOnce()
    alice = keyIn(await shell(example.join('\n')))
    appendFileSync(join(sandbox.workFolder, 'keys.txt'), 'ann = made-up-ann\nbob = made-up-bob\n')
    ;[one, two] = await Promise.all([start(), start()])
  })

  beforeEach(() => standin.reset())

  afterAll(async () => {
    await endCommands(sandbox)
    await standin?.close()
    await postgres?.stop()
    sandbox?.remove()
  })

  function start(): Promise<Server> {
    return startServer({
      args: ['--port', '0', '--host', '127.0.0.1', '--max-processes', '2'],
      env: { ...sandbox.env, CSP_DATABASE_URL: url, CSP_KEYS: 'keys.txt' },
      cwd: sandbox.workFolder,
    })
  }

  /** Runs lines of a shell in the folder of the servers, with the command installed. */
  async function shell(lines: string): Promise<string> {
    const bin = join(sandbox.folder, 'bin')
    mkdirSync(bin, { recursive: true })
    const command = join(bin, 'claude-sub-proxy')
    writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${COMMAND}" "$@"\n`, {
      mode: 0o755,
    })
    const env = { ...sandbox.env, PATH: `${bin}:${sandbox.env['PATH']}` }
    const { stdout } = await promisify(execFile)('sh', ['-ec', lines], {
      env,
      cwd: sandbox.workFolder,
    })
    return stdout
  }

  function openaiOf(server: Server, apiKey: string): OpenAI {
    return new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries: 0 })
  }

  test('share the limits of keys, and usage: the example of docs/teams.md', async () => {
    standin.answer = () => message(textMessage('Hi'))
    expect(removal).toMatch(/ keys remove /)
    const carl = keyIn(
      await shell('CSP_KEYS=keys.txt claude-sub-proxy keys add carl requests_per_minute=2'),
    )
    expect(await ask(one, alice)).toBe(200)
    expect(await ask(two, alice, 'claude-haiku-4-5')).toBe(200)
    expect(await ask(two, alice, 'claude-opus-4-6')).toBe(403)
    expect(await ask(one, 'another')).toBe(401)
    // A server that runs notices the new key of the file.
    for (const server of [one, two]) {
      await expect.poll(() => modelsFor(server.url, carl)).toBe(200)
    }
    // A request to one counts for the other.
    expect([await ask(one, carl), await ask(two, carl)]).toEqual([200, 200])
    expect([await ask(one, carl), await ask(two, carl)]).toEqual([429, 429])
    for (const server of [one, two]) {
      await expect.poll(async () => requestsByKey(server.url, carl)).toEqual({ alice: 3, carl: 4 })
    }
    await shell(`${example[0]}\n${removal}`)
    for (const server of [one, two]) {
      await expect.poll(() => ask(server, alice)).toBe(401)
    }
  })

  test('share the objects of OpenAI’s clients', async () => {
    standin.answer = (request) => message(textMessage(`Turn ${request.body.messages.length}.`))
    const [here, there] = [openaiOf(one, 'made-up-ann'), openaiOf(two, 'made-up-ann')]
    const bob = openaiOf(two, 'made-up-bob')

    // Streamed: it is stored before the client can know that it is complete.
    const stream = here.responses.stream({ model: MODEL, input: 'One.' })
    const first = await stream.finalResponse()
    const second = await there.responses.create({
      model: MODEL,
      input: 'Two.',
      previous_response_id: first.id,
    })
    expect([first.output_text, second.output_text]).toEqual(['Turn 1.', 'Turn 3.'])
    expect(standin.messages.at(-1)?.body.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: [{ text: 'Turn 1.' }] },
      { role: 'user' },
    ])
    expect((await there.responses.retrieve(first.id)).output_text).toBe('Turn 1.')
    await expect(bob.responses.retrieve(first.id)).rejects.toMatchObject({ status: 404 })
    await expect(bob.responses.delete(first.id)).rejects.toMatchObject({ status: 404 })
    await there.responses.delete(first.id)
    await expect(here.responses.retrieve(first.id)).rejects.toMatchObject({ status: 404 })

    const talk = await here.conversations.create({})
    await here.responses.create({ model: MODEL, input: 'A.', conversation: talk.id })
    const later = await there.responses.create({ model: MODEL, input: 'B.', conversation: talk.id })
    expect(later.output_text).toBe('Turn 3.')
    expect((await here.conversations.items.list(talk.id)).data).toHaveLength(4)
    await expect(bob.conversations.retrieve(talk.id)).rejects.toMatchObject({ status: 404 })
  })

  test('share a batch, and one finishes the work of a killed one, whose response has failed', async () => {
    const held = makeGate()
    standin.answer = (request) =>
      JSON.stringify(request.body.messages).includes('Long.')
        ? events([held.pass])
        : message(textMessage(`You said ${numberIn(request)}.`))
    const [here, there] = [openaiOf(one, 'made-up-ann'), openaiOf(two, 'made-up-ann')]
    const { id: responseId, status } = await here.responses.create({
      model: MODEL,
      input: 'Long.',
      background: true,
    })
    expect(status).toBe('queued')
    await standin.waitFor(1)
    expect((await there.responses.retrieve(responseId)).status).toBe('queued')

    const [first, other] = [one, two].map(
      (server) => new Anthropic({ baseURL: server.url, apiKey: 'made-up-ann', maxRetries: 0 }),
    ) as [Anthropic, Anthropic]
    const count = 24
    const { id } = await first.messages.batches.create({
      requests: Array.from({ length: count }, (_, index) => ({
        custom_id: `id-${index}`,
        params: {
          model: MODEL,
          max_tokens: 50,
          messages: [{ role: 'user' as const, content: `This is request ${index}` }],
        },
      })),
    })
    await standin.waitFor(9)
    one.command.signalGroup('SIGKILL')
    await one.command.ended
    held.open()

    const batch = await until(async () => {
      const now = await other.messages.batches.retrieve(id)
      return now.processing_status === 'ended' ? now : undefined
    })
    expect(batch.request_counts).toMatchObject({ processing: 0, succeeded: count })
    const names = new Set<string>()
    for await (const line of await other.messages.batches.results(id)) {
      const { custom_id: name, attempts } = line as typeof line & { attempts: number }
      names.add(name)
      const asked = standin.messages.filter((request) => `id-${numberIn(request)}` === name)
      expect(asked.length).toBeLessThanOrEqual(attempts)
      expect(line.result).toMatchObject({
        message: { content: [{ text: `You said ${name.slice(3)}.` }] },
      })
    }
    expect(names.size).toBe(count)
    const failed = await until(async () => {
      const now = await there.responses.retrieve(responseId)
      return now.status === 'failed' ? now : undefined
    })
    expect(failed.error?.message).toBe('The server that made this response has ended.')
    // The password of the database must not be shown.
    expect(two.command.stdout).toMatch(/kept in postgresql:\/\/127\.0\.0\.1:\d+\/test_\d+/)
    two.command.signal('SIGTERM')
    expect(await two.command.ended).toMatchObject({ code: 0 })
  })

  test('are refused with a subscription', async () => {
    const subscriber = makeSandbox(standin.url, SUBSCRIPTION_LOGIN)
    const end = await runCommand({
      args: ['--port', '0', '--host', '127.0.0.1'],
      env: { ...subscriber.env, CSP_DATABASE_URL: url },
      cwd: subscriber.workFolder,
    })
    expect(end.code).toBe(1)
    expect(end.stderr).toMatch(/database_url is for teams, but the login is a subscription/)
    await endCommands(subscriber)
    subscriber.remove()
  })
})

const TEAMS = readFileSync(new URL('../../../docs/teams.md', import.meta.url), 'utf8')
const COMMAND = fileURLToPath(new URL('../../../bin/claude-sub-proxy.js', import.meta.url))
const MODEL = 'claude-sonnet-4-6'

type Server = Awaited<ReturnType<typeof startServer>>

function keyIn(text: string): string {
  return /^csp-\S+$/m.exec(text)?.[0] ?? ''
}

/** Sends a request to a model, and returns the status of the answer. */
async function ask(server: Server, key: string, model = MODEL): Promise<number> {
  const response = await fetch(`${server.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': key },
    body: JSON.stringify({ model, max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] }),
  })
  await response.arrayBuffer()
  return response.status
}

async function modelsFor(url: string, key: string): Promise<number> {
  const response = await fetch(`${url}/v1/models`, { headers: { 'x-api-key': key } })
  await response.arrayBuffer()
  return response.status
}

async function requestsByKey(url: string, key: string): Promise<Record<string, number>> {
  const response = await fetch(`${url}/v1/usage`, { headers: { 'x-api-key': key } })
  const { days } = (await response.json()) as {
    days: { by_key: Record<string, { requests: number }> }[]
  }
  return Object.fromEntries(
    Object.entries(days.at(-1)?.by_key ?? {}).map(([name, { requests }]) => [name, requests]),
  )
}

function numberIn({ body }: MessageRequest): string | undefined {
  return /This is request (\d+)/.exec(JSON.stringify(body.messages))?.[1]
}
