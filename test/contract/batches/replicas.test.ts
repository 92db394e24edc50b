import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { codeBlocks } from '../../docs/markdown.ts'
import { events, message } from '../../support/answers.ts'
import { endCommands, runCommand, startServer } from '../../support/command.ts'
import { makeGate } from '../../support/gate.ts'
import { textMessage } from '../../support/messages.ts'
import { POSTGRES_FOLDER, startPostgres, type TemporaryPostgres } from '../../support/postgres.ts'
import { makeSandbox, type Sandbox, SUBSCRIPTION_LOGIN } from '../../support/sandbox.ts'
import { type MessageRequest, type Standin, startStandin } from '../../support/standin.ts'

/*
 * Two servers that share a database of a real PostgreSQL.
 */

/** Milliseconds: on a busy machine two servers take half a minute to start. */
const PATIENCE = 100_000

describe.skipIf(POSTGRES_FOLDER === undefined)('replicas', { timeout: 2 * PATIENCE }, () => {
  let postgres: TemporaryPostgres
  let standin: Standin
  let sandbox: Sandbox
  let url: string

  beforeAll(async () => {
    postgres = await startPostgres()
    standin = await startStandin()
    sandbox = makeSandbox(standin.url)
    url = await postgres.makeDatabase()
  })

  beforeEach(() => standin.reset())

  afterAll(async () => {
    await endCommands(sandbox)
    await standin?.close()
    await postgres?.stop()
    sandbox?.remove()
  })

  async function start(env: Record<string, string> = {}) {
    const started = await startServer({
      args: ['--port', '0', '--host', '127.0.0.1', '--max-processes', '3'],
      env: { ...sandbox.env, CSP_DATABASE_URL: url, ...env },
      cwd: sandbox.workFolder,
    })
    const client = new Anthropic({ baseURL: started.url, apiKey: 'unused', maxRetries: 0 })
    return { ...started, client }
  }

  test('share a batch, and one finishes the work of a killed one', async () => {
    standin.answer = (request) => message(textMessage(`You said ${numberIn(request)}.`))
    const [one, two] = await Promise.all([start(), start()])
    const count = 24
    const { id } = await one.client.messages.batches.create({
      requests: Array.from({ length: count }, (_, index) => ({
        custom_id: `id-${index}`,
        params: {
          model: 'claude-sonnet-4-6',
          max_tokens: 50,
          messages: [{ role: 'user' as const, content: `This is request ${index}` }],
        },
      })),
    })
    await standin.waitFor(8)
    one.command.signalGroup('SIGKILL')
    await one.command.ended

    const batch = await vi.waitUntil(
      async () => {
        const now = await two.client.messages.batches.retrieve(id)
        return now.processing_status === 'ended' ? now : undefined
      },
      { timeout: PATIENCE, interval: 100 },
    )
    expect(batch.request_counts).toMatchObject({ processing: 0, succeeded: count })
    const names = new Set<string>()
    for await (const line of await two.client.messages.batches.results(id)) {
      const { custom_id: name, attempts } = line as typeof line & { attempts: number }
      names.add(name)
      const asked = standin.messages.filter((request) => `id-${numberIn(request)}` === name)
      expect(asked.length).toBeLessThanOrEqual(attempts)
      expect(line.result).toMatchObject({
        message: { content: [{ text: `You said ${name.slice(3)}.` }] },
      })
    }
    expect(names.size).toBe(count)
    // The password of a database is no one's business.
    expect(two.command.stdout).toMatch(/kept in postgresql:\/\/127\.0\.0\.1:\d+\/test_\d+/)
    two.command.signal('SIGTERM')
    expect(await two.command.ended).toMatchObject({ code: 0 })
  })

  test('share the limits of keys, and usage: the example of docs/teams.md', async () => {
    standin.answer = () => message(textMessage('Hi'))
    const [example = ''] = codeBlocks(TEAMS, 'sh')
    const [remove, ...others] = example.trim().split('\n').toReversed()
    expect(remove).toMatch(/ keys remove /)
    const alice = keyIn(await shell(others.toReversed().join('\n')))
    const bob = keyIn(
      await shell('CSP_KEYS=keys.txt claude-sub-proxy keys add bob requests_per_minute=2'),
    )
    const [one, two] = await Promise.all([start(KEYS), start(KEYS)])
    const ask = async (server: typeof one, key: string, model = 'claude-sonnet-4-6') => {
      const response = await fetch(`${server.url}/v1/messages`, {
        method: 'POST',
        headers: { 'x-api-key': key },
        body: JSON.stringify({
          model,
          max_tokens: 10,
          messages: [{ role: 'user', content: 'Hi' }],
        }),
      })
      await response.arrayBuffer()
      return response.status
    }
    expect(await ask(one, alice)).toBe(200)
    expect(await ask(two, alice, 'claude-haiku-4-5')).toBe(200)
    expect(await ask(two, alice, 'claude-opus-4-6')).toBe(403)
    expect(await ask(one, 'another')).toBe(401)
    // What comes to one counts for the other.
    expect([await ask(one, bob), await ask(two, bob)]).toEqual([200, 200])
    expect([await ask(one, bob), await ask(two, bob)]).toEqual([429, 429])
    for (const server of [one, two]) {
      await expect
        .poll(async () => requestsByKey(server.url, bob), { timeout: PATIENCE })
        .toEqual({ alice: 3, bob: 4 })
    }
    await shell(`${others.at(-1)}\n${remove}`)
    for (const server of [one, two]) {
      await expect.poll(() => ask(server, alice), { timeout: PATIENCE }).toBe(401)
    }
    for (const { command } of [one, two]) command.signal('SIGTERM')
    await Promise.all([one.command.ended, two.command.ended])
  })

  /** Runs lines of a shell in which the command is installed, in the folder of the servers. */
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

  test('share the objects of OpenAI’s clients, also a response of a killed server', async () => {
    standin.answer = (request) => message(textMessage(`Turn ${request.body.messages.length}.`))
    writeFileSync(join(sandbox.workFolder, 'keys.txt'), 'ann = made-up-ann\nbob = made-up-bob\n')
    const [one, two] = await Promise.all([start(KEYS), start(KEYS)])
    const clientOf = ({ url: at }: typeof one, apiKey: string) =>
      new OpenAI({ baseURL: `${at}/v1`, apiKey, maxRetries: 0 })
    const [here, there] = [clientOf(one, 'made-up-ann'), clientOf(two, 'made-up-ann')]
    const bob = clientOf(two, 'made-up-bob')
    const MODEL = 'claude-sonnet-4-6'

    // Streamed: it is kept before the client can know that it is whole.
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

    const held = makeGate()
    standin.reply(events([held.pass]))
    const { id, status } = await here.responses.create({
      model: MODEL,
      input: 'Long.',
      background: true,
    })
    expect(status).toBe('queued')
    await standin.waitFor(5)
    expect((await there.responses.retrieve(id)).status).toBe('queued')
    one.command.signalGroup('SIGKILL')
    await one.command.ended
    held.open()
    const failed = await vi.waitUntil(
      async () => {
        const now = await there.responses.retrieve(id)
        return now.status === 'failed' ? now : undefined
      },
      { timeout: PATIENCE, interval: 200 },
    )
    expect(failed.error?.message).toBe('The server that made this response has ended.')
    two.command.signal('SIGTERM')
    expect(await two.command.ended).toMatchObject({ code: 0 })
  })

  test('are refused with a subscription', async () => {
    const subscriber = makeSandbox(standin.url, SUBSCRIPTION_LOGIN)
    const end = await runCommand({
      args: ['--port', '0', '--host', '127.0.0.1'],
      env: { ...subscriber.env, CSP_DATABASE_URL: url },
      cwd: subscriber.workFolder,
      patience: PATIENCE,
    })
    expect(end.code).toBe(1)
    expect(end.stderr).toMatch(/database_url is for teams, but the login is a subscription/)
    await endCommands(subscriber)
    subscriber.remove()
  })
})

const TEAMS = readFileSync(new URL('../../../docs/teams.md', import.meta.url), 'utf8')
const COMMAND = fileURLToPath(new URL('../../../bin/claude-sub-proxy.js', import.meta.url))
const KEYS = { CSP_KEYS: 'keys.txt' }

function keyIn(text: string): string {
  return /^csp-\S+$/m.exec(text)?.[0] ?? ''
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
