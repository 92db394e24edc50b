import OpenAI, { toFile } from 'openai'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { keptOptions } from '../../test/support/kept.ts'
import { REPLY, source } from '../../test/support/source.ts'
import { everythingIn } from '../../test/support/store.ts'
import { createApp } from './app.ts'

/*
 * OpenAI's batches, with its official client.
 */

const CHAT = '/v1/chat/completions'

let kept: ReturnType<typeof keptOptions>
let app: ReturnType<typeof createApp>
let openai: OpenAI

beforeEach(() => {
  kept = keptOptions(() => Promise.resolve(source(REPLY).events))
  app = createApp(kept.options)
  const send = ((input: string | URL | Request, init?: RequestInit) =>
    Promise.resolve(app.fetch(new Request(input, init)))) as typeof fetch
  openai = new OpenAI({
    baseURL: 'http://localhost/v1',
    apiKey: 'unused',
    maxRetries: 0,
    fetch: send,
  })
})

afterEach(async () => {
  vi.useRealTimers()
  await kept.close()
})

function line(id: string, body: object = asking('Hello'), url: string = CHAT): string {
  return JSON.stringify({ custom_id: id, method: 'POST', url, body })
}

function asking(text: string): object {
  return { model: 'made-up', messages: [{ role: 'user', content: text }] }
}

async function upload(content: string | Buffer): Promise<string> {
  const file = await toFile(Buffer.from(content), 'in.jsonl')
  return (await openai.files.create({ file, purpose: 'batch' })).id
}

/** A batch with one request that succeeds, and one that fails. */
async function both(): Promise<OpenAI.Batch> {
  const batch = await create([line('a'), line('b', {})].join('\n'))
  return ended(batch.id)
}

async function listed(query: OpenAI.FileListParams): Promise<OpenAI.FileObject[]> {
  const found: OpenAI.FileObject[] = []
  for await (const file of openai.files.list(query)) found.push(file)
  return found
}

function idsOf(files: readonly OpenAI.FileObject[]): string[] {
  return files.map(({ id }) => id)
}

async function create(
  content: string | Buffer,
  options: Partial<OpenAI.BatchCreateParams> = {},
): Promise<OpenAI.Batch> {
  return openai.batches.create({
    input_file_id: await upload(content),
    endpoint: CHAT,
    completion_window: '24h',
    ...options,
  })
}

/** Waits until a batch has one of the last statuses. */
function ended(id: string): Promise<OpenAI.Batch> {
  return vi.waitUntil(
    async () => {
      const batch = await openai.batches.retrieve(id)
      const isOver = ['completed', 'failed', 'expired', 'cancelled'].includes(batch.status)
      return isOver ? batch : undefined
    },
    { timeout: 50_000 },
  )
}

async function linesOf(id: string | undefined): Promise<Record<string, unknown>[]> {
  const text = await (await openai.files.content(id ?? '')).text()
  return text
    .trimEnd()
    .split('\n')
    .map((each) => JSON.parse(each) as Record<string, unknown>)
}

/** Whether a text is in the files of the store. */
function holds(text: string): boolean {
  return everythingIn(kept.folder).includes(text)
}

test('a batch has all fields of the API, and the sum of its tokens', async () => {
  kept.room.isFree = false
  const text = `${line('a')}\n${line('b')}`
  const batch = await create(text, { metadata: { run: 'one' } })
  expect(batch).toMatchObject({
    object: 'batch',
    endpoint: CHAT,
    model: 'made-up',
    errors: null,
    completion_window: '24h',
    status: 'in_progress',
    output_file_id: null,
    error_file_id: null,
    in_progress_at: batch.created_at,
    finalizing_at: null,
    completed_at: null,
    failed_at: null,
    expired_at: null,
    cancelling_at: null,
    cancelled_at: null,
    request_counts: { total: 2, completed: 0, failed: 0 },
    metadata: { run: 'one' },
  })
  kept.room.isFree = true
  const done = await ended(batch.id)
  const [reply] = REPLY
  const { usage } = (reply as { message: { usage: { input_tokens: number } } }).message
  expect(done).toMatchObject({ status: 'completed', error_file_id: null })
  expect(done.usage?.input_tokens).toBe(2 * usage.input_tokens)
  expect(done.usage?.output_tokens).toBeGreaterThan(0)
  expect(done.usage?.total_tokens).toBe(
    (done.usage?.input_tokens ?? 0) + (done.usage?.output_tokens ?? 0),
  )
})

describe('a file with faults makes a failed batch, with the line of each fault,', () => {
  const good = line('good')
  test.each([
    ['for lines for another endpoint', [good, line('a', {}, '/v1/responses')], 2, 'invalid_url'],
    ['for an id that is used twice', [good, '', good], 3, 'duplicate_custom_id'],
    ['for a line without an id', ['{}'], 1, 'missing_required_parameter'],
    ['for an id that no database takes', [line('a\0')], 1, 'invalid_value'],
    ['for a line that is no JSON', [good, good.slice(1)], 2, 'invalid_json_line'],
    ['for a line that is no object', ['7'], 1, 'invalid_json_line'],
    ['for a file without lines', [' '], null, 'empty_file'],
  ])('%s', async (_name, lines, at, code) => {
    const batch = await create(lines.join('\n'))
    expect(batch).toMatchObject({
      status: 'failed',
      errors: { object: 'list', data: [{ code, line: at }] },
      request_counts: { total: 0, completed: 0, failed: 0 },
      output_file_id: null,
      error_file_id: null,
      in_progress_at: null,
      completed_at: null,
    })
    expect(batch.failed_at).toBeGreaterThanOrEqual(batch.created_at)
    expect(batch.errors?.data?.[0]?.message).not.toBe('')
    expect(await openai.batches.retrieve(batch.id)).toEqual(batch)
    // Nothing of its requests is kept but the file.
    const content = everythingIn(kept.folder)
    expect(content.split('"custom_id":"good"').length - 1).toBe(
      lines.filter((each) => each.includes('"custom_id":"good"')).length,
    )
    expect(await openai.delete(`/batches/${batch.id}`)).toMatchObject({ deleted: true })
  })

  test('for all faults, up to a limit', async () => {
    const lines = ['x', line('a'), line('a'), line('b', {}, '/v1/x'), ...Array(200).fill('{}')]
    const { errors } = await create(lines.join('\n'))
    expect(errors?.data).toHaveLength(100)
    expect(errors?.data?.slice(0, 4).map(({ line: at, param }) => [at, param])).toEqual([
      [1, null],
      [3, 'custom_id'],
      [4, 'url'],
      [5, 'custom_id'],
    ])
  })

  test('for bytes that are no text, and for a line that is too long', async () => {
    const wrong = Buffer.concat([Buffer.from(`${line('a')}\n`), Buffer.from([0x22, 0xff, 0x22])])
    expect((await create(wrong)).errors?.data).toMatchObject([
      { line: 2, code: 'invalid_encoding' },
    ])
    const long = line('a', asking('x'.repeat(20_000)))
    expect((await create(long)).errors?.data).toMatchObject([{ line: 1, code: 'line_too_long' }])
  })
})

describe('the unfinished requests of a batch', () => {
  test('that is cancelled are in its error file, and do not count as failed', async () => {
    kept.room.isFree = false
    const { id } = await create(`${line('a')}\n${line('b')}`)
    const cancelling = await openai.batches.cancel(id)
    expect(cancelling.cancelling_at).toBeGreaterThanOrEqual(cancelling.created_at)
    const batch = await ended(id)
    expect(batch).toMatchObject({
      status: 'cancelled',
      request_counts: { total: 2, completed: 0, failed: 0 },
      output_file_id: null,
      completed_at: null,
      expired_at: null,
    })
    expect(batch.cancelled_at).toBeGreaterThanOrEqual(cancelling.cancelling_at ?? Infinity)
    expect(await linesOf(batch.error_file_id)).toMatchObject(
      ['a', 'b'].map((name) => ({
        custom_id: name,
        response: null,
        error: { code: 'batch_cancelled' },
      })),
    )
    await expect(openai.batches.cancel(id)).rejects.toMatchObject({
      status: 409,
      message: "409 Cannot cancel a batch with status 'cancelled'.",
    })
  })

  test('that expires are in its error file', async () => {
    kept.room.isFree = false
    const { id, expires_at: expiresAt = 0 } = await create(line('a'))
    vi.useFakeTimers({ toFake: ['Date'], now: expiresAt * 1000 + 1000 })
    const batch = await ended(id)
    expect(batch).toMatchObject({
      status: 'expired',
      request_counts: { total: 1, completed: 0, failed: 0 },
      completed_at: null,
      cancelled_at: null,
    })
    expect(batch.expired_at).toBeGreaterThanOrEqual(expiresAt)
    expect(await linesOf(batch.error_file_id)).toMatchObject([
      { custom_id: 'a', response: null, error: { code: 'batch_expired' } },
    ])
  })
})

test('results are kept for the lifetime that the client sets', async () => {
  const { id } = await create(line('a'), {
    output_expires_after: { anchor: 'created_at', seconds: 3600 },
  })
  const batch = await ended(id)
  const file = await openai.files.retrieve(batch.output_file_id ?? '')
  expect((file.expires_at ?? 0) - (batch.completed_at ?? 0)).toBe(3600)
  expect(holds('"chat.completion"')).toBe(true)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_601_000 })
  await expect(openai.files.content(batch.output_file_id ?? '')).rejects.toMatchObject({
    status: 404,
  })
  const desk = await kept.options.batches?.desk()
  await desk?.records.forgetOld(Infinity)
  expect(holds('"chat.completion"')).toBe(false)
  expect(await openai.batches.retrieve(id)).toEqual(batch)
})

describe('the files of results', () => {
  test('are listed with the uploaded files, in pages of any size and both orders', async () => {
    const batches = [await both(), await both(), await both()]
    // As if many had the same time.
    const { db } = await kept.store.open()
    const time = 1_700_000_000_000
    await db.updateTable('batches').set({ ended_at: time }).execute()
    await db
      .updateTable('files')
      .set({ created_at: time })
      .where('id', '!=', batches[0]?.input_file_id ?? '')
      .execute()
    const all = await listed({ order: 'asc' })
    const inputs = batches.map((batch) => batch.input_file_id)
    const results = batches.flatMap((batch) => [batch.output_file_id, batch.error_file_id])
    expect(all).toHaveLength(9)
    expect(new Set(idsOf(all))).toEqual(new Set([...inputs, ...results]))
    for (const order of ['asc', 'desc'] as const) {
      for (const limit of [1, 2, 3, 4, 100]) {
        const found = await listed({ order, limit })
        expect(found).toEqual(order === 'asc' ? all : all.toReversed())
      }
    }
    const outputs = await listed({ purpose: 'batch_output', limit: 2 })
    expect(outputs).toHaveLength(6)
    expect(new Set(idsOf(outputs))).toEqual(new Set(results))
    expect(await listed({ purpose: 'batch' })).toHaveLength(3)
    for (const file of outputs) {
      expect(file).toEqual(await openai.files.retrieve(file.id))
      expect(file).toMatchObject({ object: 'file', purpose: 'batch_output', status: 'processed' })
      const content = await (await openai.files.content(file.id)).text()
      expect(file.bytes).toBe(Buffer.byteLength(content))
    }
  })

  test('are not in the list of the Messages API', async () => {
    const { input_file_id: id } = await both()
    const response = await app.request('/v1/files', {
      headers: { 'anthropic-version': '2023-06-01' },
    })
    expect(await response.json()).toMatchObject({ data: [{ id }], has_more: false })
  })

  test('are deleted one by one, also from the disk', async () => {
    const batch = await both()
    const [output, errors] = [batch.output_file_id ?? '', batch.error_file_id ?? '']
    expect(holds('"chat.completion"')).toBe(true)
    expect(await openai.files.delete(output)).toEqual({ id: output, object: 'file', deleted: true })
    expect(holds('"chat.completion"')).toBe(false)
    for (const act of [
      () => openai.files.retrieve(output),
      () => openai.files.content(output),
      () => openai.files.delete(output),
    ]) {
      await expect(act()).rejects.toMatchObject({ status: 404 })
    }
    expect(idsOf(await listed({ purpose: 'batch_output' }))).toEqual([errors])
    expect(await openai.batches.retrieve(batch.id)).toMatchObject({
      output_file_id: null,
      error_file_id: errors,
      request_counts: { total: 2, completed: 1, failed: 1 },
    })
    expect(await linesOf(errors)).toMatchObject([{ custom_id: 'b' }])
    await openai.files.delete(errors)
    expect(await listed({ purpose: 'batch_output' })).toEqual([])
    await openai.delete(`/batches/${batch.id}`)
  })

  test('that have expired are not listed', async () => {
    const { id } = await create(line('a'), {
      output_expires_after: { anchor: 'created_at', seconds: 3600 },
    })
    await ended(id)
    expect(await listed({ purpose: 'batch_output' })).toHaveLength(1)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_601_000 })
    expect(await listed({ purpose: 'batch_output' })).toEqual([])
  })
})

test('lists are read page by page', async () => {
  const ids: string[] = []
  for (const name of ['a', 'b', 'c', 'd', 'e']) ids.push((await create(line(name))).id)
  const found: string[] = []
  for await (const { id } of openai.batches.list({ limit: 2 })) found.push(id)
  expect(found).toHaveLength(5)
  expect(found.toSorted()).toEqual(ids.toSorted())
})

test.each([
  ['another window', { completion_window: '1h' as '24h' }, /completion_window/],
  ['another endpoint', { endpoint: '/v1/embeddings' as const }, /endpoint/],
  ['a note that is too long', { metadata: { a: 'x'.repeat(513) } }, /metadata/],
  [
    'too many notes',
    { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, ''])) },
    /metadata/,
  ],
  [
    'results that expire too soon',
    { output_expires_after: { anchor: 'created_at' as const, seconds: 60 } },
    /output_expires_after/,
  ],
  ['a file that is not there', { input_file_id: 'file-none' }, /no file/],
])('a batch with %s is refused', async (_name, options, message) => {
  await expect(create(line('a'), options)).rejects.toThrow(message)
  expect((await openai.batches.list()).data).toEqual([])
})

test('a batch that is deleted while its results are read does not look complete', async () => {
  kept.room.isFree = false
  const { id } = await create(
    Array.from({ length: 500 }, (_, index) => line(`${index}`)).join('\n'),
  )
  await openai.batches.cancel(id)
  const { error_file_id: fileId } = await ended(id)
  const { body } = await app.request(`/v1/files/${fileId}/content`)
  const reader = body?.getReader() as ReadableStreamDefaultReader<Uint8Array>
  expect((await reader.read()).done).toBe(false)
  await openai.delete(`/batches/${id}`)
  const readOn = async (): Promise<void> => {
    while (!(await reader.read()).done);
  }
  await expect(readOn()).rejects.toThrow(/was deleted while it was read/)
})
