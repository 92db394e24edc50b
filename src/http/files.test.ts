import Anthropic, { toFile } from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { ringOf } from '../../test/support/key-rings.ts'
import { keptOptions } from '../../test/support/kept.ts'
import { REPLY, source } from '../../test/support/source.ts'
import { everythingIn } from '../../test/support/store.ts'
import { ApiError } from '../errors.ts'
import { type AppOptions, createApp } from './app.ts'
import type { Ask } from './reply.ts'
import { until } from '../../test/support/until.ts'

const PDF = Buffer.from('%PDF-1.4\nmade up\n')
const PNG = Buffer.from('89504e470d0a1a0a00', 'hex')

let kept: ReturnType<typeof keptOptions>
const ask = vi.fn<Ask>()
const clock = { ahead: 0 }

beforeEach(() => {
  clock.ahead = 0
  ask.mockReset().mockImplementation(() => Promise.resolve(source(REPLY).events))
  kept = keptOptions(ask, () => Date.now() + clock.ahead)
})

afterEach(() => kept.close())

function clients(options: Partial<AppOptions> = {}, apiKey = 'unused') {
  const app = createApp({ ...kept.options, ...options })
  const send = ((input: string | URL | Request, init?: RequestInit) =>
    Promise.resolve(app.fetch(new Request(input, init)))) as typeof fetch
  return {
    app,
    anthropic: new Anthropic({
      baseURL: 'http://localhost',
      apiKey,
      maxRetries: 0,
      fetch: send,
    }),
    openai: new OpenAI({ baseURL: 'http://localhost/v1', apiKey, maxRetries: 0, fetch: send }),
  }
}

describe("Anthropic's client", () => {
  test('stores files, reads them, and deletes them, from the disk too', async () => {
    const { files } = clients().anthropic.beta
    const file = await files.upload({ file: await toFile(PDF, 'report.txt') })
    expect(file).toMatchObject({
      type: 'file',
      filename: 'report.txt',
      // By its content, not by its name.
      mime_type: 'application/pdf',
      size_bytes: PDF.length,
    })
    expect(Date.parse(file.created_at)).toBeLessThanOrEqual(Date.now())
    expect(await files.retrieveMetadata(file.id)).toEqual(file)
    const content = await files.download(file.id)
    expect(Buffer.from(await content.arrayBuffer())).toEqual(PDF)
    expect((await files.list()).data).toEqual([file])
    expect(everythingIn(kept.folder)).toContain('%PDF-1.4')
    expect(await files.delete(file.id)).toEqual({ id: file.id, type: 'file_deleted' })
    expect(everythingIn(kept.folder)).not.toContain('%PDF-1.4')
    await expect(files.retrieveMetadata(file.id)).rejects.toMatchObject({ status: 404 })
  })

  test.each(['its own place', 'the one of betas'])(
    'reads lists page by page, in %s',
    async (place) => {
      const { anthropic } = clients()
      const files = place === 'its own place' ? anthropic.files : anthropic.beta.files
      const ids: string[] = []
      for (const name of ['a', 'b', 'c', 'd', 'e']) {
        ids.push((await files.upload({ file: await toFile(PDF, name) })).id)
      }
      const listed: string[] = []
      for await (const { id } of files.list({ limit: 2 })) listed.push(id)
      expect(listed.toSorted()).toEqual(ids.toSorted())
      expect(listed).toHaveLength(5)
      const some = await files.list({ ids: [ids[3] ?? '', 'file_none', ids[1] ?? ''] })
      expect(new Set(some.data.map(({ id }) => id))).toEqual(new Set([ids[1], ids[3]]))
      expect(some.hasNextPage()).toBe(false)
      await expect(files.list({ ids, limit: 2 })).rejects.toMatchObject({ status: 400 })
    },
  )

  test('is told the lifetime of a file, which is then deleted, from the disk too', async () => {
    const { files } = clients().anthropic
    const forever = await files.upload({ file: await toFile(Buffer.from('stays'), 'a.txt') })
    const file = await files.upload({
      file: await toFile(Buffer.from('made-up-secret'), 'b.txt'),
      expires_in_seconds: 3600,
    })
    expect(forever.expires_at).toBeNull()
    expect(Date.parse(file.expires_at ?? '') - Date.parse(file.created_at)).toBe(3_600_000)
    expect(await files.retrieveMetadata(file.id)).toEqual(file)
    clock.ahead = 3_601_000
    await expect(files.retrieveMetadata(file.id)).rejects.toMatchObject({ status: 404 })
    await expect(files.download(file.id)).rejects.toMatchObject({ status: 404 })
    expect((await files.list()).data.map(({ id }) => id)).toEqual([forever.id])
    // The next upload can use its room.
    await files.upload({ file: await toFile(Buffer.from('next'), 'c.txt') })
    expect(everythingIn(kept.folder)).not.toContain('made-up-secret')
  })

  test('stores no file with an invalid lifetime', async () => {
    const { files } = clients().anthropic
    const upload = files.upload({
      file: await toFile(Buffer.from('x'), 'a.txt'),
      expires_in_seconds: 3599,
    })
    await expect(upload).rejects.toMatchObject({ status: 400, error: { type: 'error' } })
    expect((await files.list()).data).toEqual([])
  })

  test('stores a file of several pieces unchanged', async () => {
    const { files } = clients().anthropic.beta
    const large = Buffer.alloc(1_300_000, 'ü')
    const { id, mime_type: type } = await files.upload({ file: await toFile(large, 'large') })
    expect(type).toBe('text/plain')
    const content = await files.download(id)
    expect(Buffer.from(await content.arrayBuffer()).equals(large)).toBe(true)
  })

  test('gets each file sent as a block of its type', async () => {
    const { anthropic } = clients()
    const upload = async (content: Buffer) =>
      (await anthropic.beta.files.upload({ file: await toFile(content, 'a name') })).id
    const [pdf, png, text] = [await upload(PDF), await upload(PNG), await upload(Buffer.from('ü'))]
    await anthropic.beta.messages.create({
      model: 'made-up',
      max_tokens: 1,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'document', source: { type: 'file', file_id: pdf }, title: 'One' },
            { type: 'image', source: { type: 'file', file_id: png } },
            { type: 'document', source: { type: 'file', file_id: text } },
            { type: 'container_upload', file_id: text },
            { type: 'document', source: { type: 'file', file_id: 'file_of_the_api' } },
          ],
        },
      ],
    })
    const plain = { type: 'text', media_type: 'text/plain', data: 'ü' }
    expect(ask.mock.calls[0]?.[0].messages[0]?.content).toEqual([
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: PDF.toString('base64') },
        title: 'One',
      },
      {
        type: 'image',
        source: { type: 'base64', media_type: 'image/png', data: PNG.toString('base64') },
      },
      { type: 'document', source: plain },
      { type: 'document', source: plain, title: 'a name' },
      { type: 'document', source: { type: 'file', file_id: 'file_of_the_api' } },
    ])
  })
})

describe('an upload is refused', () => {
  test('if the file is larger than the room, and nothing of it is stored', async () => {
    const { files } = clients().anthropic.beta
    const large = Buffer.alloc(3_500_000, 'made-up-secret')
    const upload = files.upload({ file: await toFile(large, 'large') })
    await expect(upload).rejects.toMatchObject({ status: 403 })
    expect((await files.list()).data).toEqual([])
    expect(everythingIn(kept.folder)).not.toContain('made-up-secret')
  })

  test.each([
    ['a body that is no form', { body: '{}', headers: { 'content-type': 'application/json' } }],
    ['a form without a file', { body: new FormData() }],
    [
      'a form that breaks off',
      { body: '--x\r\n', headers: { 'content-type': 'multipart/form-data; boundary=x' } },
    ],
    [
      'a form without a boundary',
      { body: 'x', headers: { 'content-type': 'multipart/form-data' } },
    ],
  ])('%s', async (_name, init) => {
    const response = await clients().app.request('/v1/files', { method: 'POST', ...init })
    expect(response.status).toBe(400)
  })

  test('if the client leaves in the middle, and nothing of it is stored', async () => {
    const head = 'Content-Disposition: form-data; name="file"; filename="left.txt"'
    const begun = Buffer.from(`--made-up\r\n${head}\r\n\r\n${'SECRET'.repeat(200_000)}`)
    const { app } = clients()
    let pulls = 0
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        pulls += 1
        if (pulls === 1) {
          controller.enqueue(begun)
          return
        }
        await expect.poll(() => everythingIn(kept.folder).includes('SECRET')).toBe(true)
        controller.error(new Error('The client left.'))
      },
    })
    const response = await app.request('/v1/files', {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=made-up' },
      body,
      duplex: 'half',
    })
    expect(response.status).toBe(400)
    await expect.poll(() => everythingIn(kept.folder).includes('SECRET')).toBe(false)
  })

  test('if files are not supported there', async () => {
    const { anthropic } = clients()
    const file = await toFile(Buffer.from('text'), 'a')
    const { id } = await anthropic.beta.files.upload({ file })
    const asked = anthropic.beta.messages.create({
      model: 'made-up',
      max_tokens: 1,
      messages: [
        { role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: id } }] },
      ],
    })
    await expect(asked).rejects.toMatchObject({ status: 400 })
    expect(ask).not.toHaveBeenCalled()
  })
})

const keyRing = ringOf('made-up-ann', 'made-up-bob')

test('a file is visible only to its key', async () => {
  const ann = clients({ keyRing }, 'made-up-ann').anthropic
  const bob = clients({ keyRing }, 'made-up-bob').anthropic
  const { id } = await ann.beta.files.upload({ file: await toFile(PDF, 'a') })
  await expect(bob.beta.files.retrieveMetadata(id)).rejects.toMatchObject({ status: 404 })
  await expect(bob.beta.files.download(id)).rejects.toMatchObject({ status: 404 })
  await expect(bob.beta.files.delete(id)).rejects.toMatchObject({ status: 404 })
  expect((await bob.beta.files.list()).data).toEqual([])
  const named = { type: 'file' as const, file_id: id }
  await bob.beta.messages.create({
    model: 'made-up',
    max_tokens: 1,
    messages: [{ role: 'user', content: [{ type: 'document', source: named }] }],
  })
  // It is passed on as an id that only the API may know.
  expect(ask.mock.calls[0]?.[0].messages[0]?.content).toEqual([{ type: 'document', source: named }])
})

function line(id: string, body: object, url = '/v1/chat/completions'): string {
  return JSON.stringify({ custom_id: id, method: 'POST', url, body })
}

function asking(text: string): object {
  return { model: 'made-up', messages: [{ role: 'user', content: text }] }
}

describe("OpenAI's client", () => {
  test('stores files, lists them by purpose, and uses them in a chat', async () => {
    const { openai } = clients()
    const file = await openai.files.create({
      file: await toFile(PDF, 'a.pdf'),
      purpose: 'user_data',
    })
    expect(file).toMatchObject({
      object: 'file',
      bytes: PDF.length,
      filename: 'a.pdf',
      purpose: 'user_data',
    })
    expect((await openai.files.list({ purpose: 'batch' })).data).toEqual([])
    expect((await openai.files.list({ purpose: 'user_data' })).data).toEqual([file])
    await openai.chat.completions.create({
      model: 'made-up',
      messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: file.id } }] }],
    })
    expect(JSON.stringify(ask.mock.calls[0]?.[0].messages)).toContain(PDF.toString('base64'))
    expect(await openai.files.delete(file.id)).toMatchObject({ id: file.id, deleted: true })
  })

  test('gets lists in either order, and the lifetime that it set', async () => {
    const { files } = clients().openai
    for (const name of ['a', 'b', 'c']) {
      await files.create({
        file: await toFile(PDF, name),
        purpose: 'user_data',
        expires_after: { anchor: 'created_at', seconds: 7200 },
      })
      clock.ahead += 10
    }
    const names = async (order: 'asc' | 'desc') => {
      const found: string[] = []
      for await (const { filename } of files.list({ limit: 2, order })) found.push(filename)
      return found.join('')
    }
    expect([await names('asc'), await names('desc')]).toEqual(['abc', 'cba'])
    const [{ created_at: from, expires_at: expires = 0 } = { created_at: 0 }] = (await files.list())
      .data
    expect(expires - from).toBe(7200)
    clock.ahead += 7_200_000
    expect((await files.list()).data).toEqual([])
  })

  test("gets errors in OpenAI's form", async () => {
    const { files } = clients().openai
    await expect(files.retrieve('file-none')).rejects.toMatchObject({
      status: 404,
      type: 'not_found_error',
      message: "404 There is no file 'file-none'.",
      requestID: expect.stringMatching(/^req_/) as string,
    })
    await expect(files.list({ order: 'up' as 'asc' })).rejects.toThrow(/^400 order/)
  })

  test('has a batch processed, from file to file', async () => {
    const { openai } = clients()
    ask.mockImplementation((request) =>
      JSON.stringify(request.messages).includes('wrong')
        ? Promise.reject(new ApiError('invalid_request_error', 'made up'))
        : Promise.resolve(source(REPLY).events),
    )
    const content = `${line('a', asking('Hello'))}\n\n${line('b', asking('wrong'))}`
    const input = await openai.files.create({
      file: await toFile(Buffer.from(content), 'in.jsonl'),
      purpose: 'batch',
    })
    const { id } = await openai.batches.create({
      input_file_id: input.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
      metadata: { run: 'one' },
    })
    const batch = await until(async () => {
      const now = await openai.batches.retrieve(id)
      return now.status === 'completed' ? now : undefined
    })
    expect(batch).toMatchObject({
      input_file_id: input.id,
      request_counts: { total: 2, completed: 1, failed: 1 },
      metadata: { run: 'one' },
    })
    const read = async (fileId: string | null | undefined) =>
      (await (await openai.files.content(fileId ?? '')).text())
        .trimEnd()
        .split('\n')
        .map((text) => JSON.parse(text) as unknown)
    expect(await read(batch.output_file_id)).toMatchObject([
      {
        custom_id: 'a',
        response: {
          status_code: 200,
          body: { object: 'chat.completion', choices: [{ message: { content: 'Hi' } }] },
        },
        error: null,
        attempts: 1,
      },
    ])
    expect(await read(batch.error_file_id)).toMatchObject([
      {
        custom_id: 'b',
        response: { status_code: 400, body: { error: { message: 'made up' } } },
      },
    ])
    const file = await openai.files.retrieve(batch.output_file_id ?? '')
    const whole = await (await openai.files.content(batch.output_file_id ?? '')).text()
    expect(file).toMatchObject({ purpose: 'batch_output', bytes: Buffer.byteLength(whole) })
    expect((await openai.batches.list()).data.map((one) => one.id)).toEqual([id])
  })

  test('has responses as a batch', async () => {
    const { openai } = clients()
    const body = { model: 'made-up', input: 'Hello' }
    const text = line('a', body, '/v1/responses')
    const file = await toFile(Buffer.from(text), 'in.jsonl')
    const input = await openai.files.create({ file, purpose: 'batch' })
    const { id } = await openai.batches.create({
      input_file_id: input.id,
      endpoint: '/v1/responses',
      completion_window: '24h',
    })
    const batch = await until(async () => {
      const now = await openai.batches.retrieve(id)
      return now.status === 'completed' ? now : undefined
    })
    const output = await (await openai.files.content(batch.output_file_id ?? '')).json()
    expect(output).toMatchObject({
      response: { body: { object: 'response', status: 'completed' } },
    })
  })

  test('gets an error for each line that refers to stored objects', async () => {
    const { openai } = clients()
    const stored = [{ previous_response_id: 'resp_1' }, { conversation: 'conv_1' }]
    const lines = stored.map((fields, index) =>
      line(`id-${index}`, { input: 'Hello', ...fields }, '/v1/responses'),
    )
    const file = await toFile(Buffer.from(lines.join('\n')), 'in.jsonl')
    const input = await openai.files.create({ file, purpose: 'batch' })
    const batch = await openai.batches.create({
      input_file_id: input.id,
      endpoint: '/v1/responses',
      completion_window: '24h',
    })
    expect(batch).toMatchObject({ status: 'completed', request_counts: { total: 2, failed: 2 } })
    const errors = await (await openai.files.content(batch.error_file_id ?? '')).text()
    for (const fields of stored) expect(errors).toContain(Object.keys(fields)[0])
  })
})
