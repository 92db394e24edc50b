import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { message } from '../../support/answers.ts'
import { endCommands, runCommand, startServer } from '../../support/command.ts'
import { textMessage } from '../../support/messages.ts'
import { POSTGRES_FOLDER, startPostgres, type TemporaryPostgres } from '../../support/postgres.ts'
import { makeSandbox, type Sandbox, SUBSCRIPTION_LOGIN } from '../../support/sandbox.ts'
import { type MessageRequest, type Standin, startStandin } from '../../support/standin.ts'

/*
 * Two servers that share a database of a real PostgreSQL.
 */

describe.skipIf(POSTGRES_FOLDER === undefined)('replicas', () => {
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

  async function start() {
    const started = await startServer({
      args: ['--port', '0', '--host', '127.0.0.1', '--max-processes', '3'],
      env: { ...sandbox.env, CSP_DATABASE_URL: url },
      cwd: sandbox.workFolder,
    })
    const client = new Anthropic({ baseURL: started.url, apiKey: 'unused', maxRetries: 0 })
    return { ...started, client }
  }

  test('work on one batch, and what one leaves behind when it is killed the other finishes', async () => {
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
      { timeout: 50_000, interval: 100 },
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

  test('are refused with a subscription', async () => {
    const subscriber = makeSandbox(standin.url, SUBSCRIPTION_LOGIN)
    const end = await runCommand({
      args: ['--port', '0', '--host', '127.0.0.1'],
      env: { ...subscriber.env, CSP_DATABASE_URL: url },
      cwd: subscriber.workFolder,
    })
    expect(end.code).toBe(1)
    expect(end.stderr).toMatch(/database_url is for teams, and the login is a subscription/)
    await endCommands(subscriber)
    subscriber.remove()
  })
})

function numberIn({ body }: MessageRequest): string | undefined {
  return /This is request (\d+)/.exec(JSON.stringify(body.messages))?.[1]
}
