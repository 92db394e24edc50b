import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

import Anthropic from '@anthropic-ai/sdk'
import type { MessageBatch } from '@anthropic-ai/sdk/resources/messages'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { error, message } from '../../support/answers.ts'
import { endCommands, startServer } from '../../support/command.ts'
import { textMessage } from '../../support/messages.ts'
import { makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import { everythingIn } from '../../support/store.ts'
import { type MessageRequest, type Standin, startStandin } from '../../support/standin.ts'
import { until } from '../../support/until.ts'

/*
 * The official client, with a server in a process of its own: stored data must outlive it.
 */

let standin: Standin
let sandbox: Sandbox
let server: Awaited<ReturnType<typeof start>>

beforeAll(async () => {
  standin = await startStandin()
  sandbox = makeSandbox(standin.url)
  server = await start()
})

beforeEach(() => {
  standin.reset()
  standin.answer = (request) => message(textMessage(`You said ${saidIn(request)}.`))
})

afterAll(async () => {
  await endCommands(sandbox)
  await standin.close()
  sandbox.remove()
})

async function start() {
  const started = await startServer({
    args: [
      '--port',
      '0',
      '--host',
      '127.0.0.1',
      '--max-processes',
      '2',
      '--batch-concurrency',
      '3',
    ],
    env: sandbox.env,
    cwd: sandbox.workFolder,
  })
  const client = new Anthropic({ baseURL: started.url, apiKey: 'unused', maxRetries: 0 })
  return { ...started, client }
}

function saidIn({ body }: MessageRequest): string {
  const text = JSON.stringify(body.messages)
  return /(?:request|night) \d+/.exec(text)?.[0] ?? text
}

function requests(count: number, name = 'request'): Anthropic.Messages.BatchCreateParams.Request[] {
  return Array.from({ length: count }, (_, index) => ({
    custom_id: `id-${index}`,
    params: {
      model: 'claude-sonnet-4-6',
      max_tokens: 50,
      messages: [{ role: 'user' as const, content: `This is ${name} ${index}` }],
    },
  }))
}

function ended(client: Anthropic, id: string): Promise<MessageBatch> {
  return until(async () => {
    const batch = await client.messages.batches.retrieve(id)
    return batch.processing_status === 'ended' ? batch : undefined
  })
}

type Line = Anthropic.Messages.MessageBatchIndividualResponse & { attempts: number }

async function resultsOf(client: Anthropic, id: string): Promise<Line[]> {
  const lines: Line[] = []
  for await (const line of await client.messages.batches.results(id)) lines.push(line as Line)
  return lines
}

function onDisk(): string {
  return everythingIn(stateFolder())
}

function stateFolder(): string {
  return join(sandbox.env['HOME'] ?? '', '.local', 'state', 'claude-sub-proxy')
}

test('a server without batches opens no store', async () => {
  const { client } = server
  expect((await client.messages.create(requests(1)[0]?.params as never)).type).toBe('message')
  expect(() => onDisk()).toThrow(/ENOENT/)
})

test('a batch is created, processed, read and deleted', async () => {
  const { client, command } = server
  standin.reply(error(400, 'invalid_request_error', 'made up'))
  const batch = await client.messages.batches.create({ requests: requests(3) })
  expect(batch).toMatchObject({
    type: 'message_batch',
    processing_status: 'in_progress',
    request_counts: { processing: 3, succeeded: 0, errored: 0, canceled: 0, expired: 0 },
    results_url: null,
  })
  expect(Date.parse(batch.expires_at) - Date.parse(batch.created_at)).toBe(24 * 60 * 60 * 1000)
  // The log names the file that contains conversations.
  await command.hasWritten(
    'stdout',
    /Batches and files, with all their text, are kept in .*store\.db/,
  )

  const done = await ended(client, batch.id)
  expect(done.request_counts).toMatchObject({ processing: 0, succeeded: 2, errored: 1 })
  const lines = await resultsOf(client, batch.id)
  expect(lines.map(({ custom_id: id }) => id).toSorted()).toEqual(['id-0', 'id-1', 'id-2'])
  for (const { custom_id: id, result, attempts } of lines) {
    expect(attempts).toBe(1)
    if (result.type === 'succeeded') {
      const [block] = result.message.content
      expect(block).toMatchObject({ text: `You said request ${id.slice(3)}.` })
    } else {
      expect(result).toMatchObject({
        type: 'errored',
        error: { type: 'error', error: { type: 'invalid_request_error', message: 'made up' } },
      })
    }
  }

  expect(onDisk()).toContain('You said')
  expect(await client.messages.batches.delete(batch.id)).toEqual({
    id: batch.id,
    type: 'message_batch_deleted',
  })
  expect(onDisk()).not.toContain('You said')
  expect(onDisk()).not.toContain('This is request')
  await expect(client.messages.batches.retrieve(batch.id)).rejects.toMatchObject({ status: 404 })
})

test('a batch is canceled, and lists have pages', async () => {
  const { client, url } = server
  const ids: string[] = []
  for (let count = 0; count < 3; count += 1) {
    // A paused batch waits; this one is so large that it has not ended before.
    const { id } = await client.messages.batches.create({ requests: requests(60) })
    ids.unshift(id)
    await fetch(`${url}/v1/messages/batches/${id}/pause`, { method: 'POST' })
  }
  const found: string[] = []
  for await (const { id } of client.messages.batches.list({ limit: 2 })) found.push(id)
  expect(found.slice(0, 3).toSorted()).toEqual(ids.toSorted())

  for (const waiting of ids) await client.messages.batches.cancel(waiting)

  const { id } = await client.messages.batches.create({ requests: requests(200) })
  const canceling = await client.messages.batches.cancel(id)
  expect(canceling.cancel_initiated_at).not.toBeNull()
  const done = await ended(client, id)
  const { succeeded, canceled, processing } = done.request_counts
  expect([processing, succeeded + canceled]).toEqual([0, 200])
  expect(canceled).toBeGreaterThan(50)
  expect(await resultsOf(client, id)).toHaveLength(200)
})

test('a wrong request is refused in the form of the API', async () => {
  const { client } = server
  const create = (body: object) => client.messages.batches.create(body as never)
  await expect(create({})).rejects.toMatchObject({ status: 400 })
  const twice = [...requests(1), ...requests(1)]
  await expect(create({ requests: twice })).rejects.toThrow(/id-0.* is used twice/)
  await expect(client.messages.batches.retrieve('msgbatch_none')).rejects.toMatchObject({
    status: 404,
  })
  await expect(client.messages.batches.list({ limit: 0 })).rejects.toMatchObject({ status: 400 })
})

test('after a kill no request is lost, and only those in progress are sent again', async () => {
  const { id } = await server.client.messages.batches.create({
    requests: requests(20, 'night'),
  })
  await standin.waitFor(8)
  server.command.signalGroup('SIGKILL')
  await server.command.ended

  server = await start()
  const { client } = server
  const done = await ended(client, id)
  expect(done.request_counts).toMatchObject({ succeeded: 20, processing: 0 })
  const lines = await resultsOf(client, id)
  expect(new Set(lines.map((line) => line.custom_id)).size).toBe(20)
  const again = lines.filter(({ attempts }) => attempts > 1)
  // At most the requests that were in progress.
  expect(again.length).toBeLessThanOrEqual(3)
  for (const { custom_id: name, attempts } of lines) {
    const said = `night ${name.slice(3)}`
    const asked = standin.messages.filter((request) => saidIn(request) === said)
    expect(asked.length).toBeGreaterThanOrEqual(1)
    expect(asked.length).toBeLessThanOrEqual(attempts)
  }
})

test('only the user can read the files', async () => {
  const { client } = server
  const { id } = await client.messages.batches.create({ requests: requests(1) })
  const folder = stateFolder()
  for (const name of readdirSync(folder)) {
    expect([name, statSync(join(folder, name)).mode & 0o077]).toEqual([name, 0])
  }
  await ended(client, id)
})
