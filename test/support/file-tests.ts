import { afterEach, beforeEach, expect, test } from 'vitest'

import { Deferred } from '../../src/deferred.ts'
import { FileRecords, type StoredFile } from '../../src/files/file-records.ts'
import { newWorkerName } from '../../src/store/worker-name.ts'
import type { KeptStore } from './store.ts'

const MINUTE = 60_000
const LIMIT = 3_000_000

async function* bytes(
  ...pieces: (Uint8Array | (() => Promise<void>))[]
): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) yield piece
    else await piece()
  }
}

function upload(records: FileRecords, content: AsyncIterable<Uint8Array>): Promise<StoredFile> {
  return records.create({ owner: '', filename: 'a', purpose: '' }, content)
}

/**
 * Tests of files, for every engine of the store.
 *
 * @param open returns an empty store
 * @param knowsTheGone whether the store knows at once that a worker of this machine is gone
 */
export function fileTests(open: () => Promise<KeptStore>, knowsTheGone: boolean): void {
  let kept: KeptStore
  let ahead = 0
  const now = (): number => Date.now() + ahead

  beforeEach(async () => {
    ahead = 0
    kept = await open()
  })

  afterEach(() => kept.remove())

  const server = (worker = newWorkerName()): FileRecords =>
    new FileRecords(kept.store, LIMIT, worker, now)

  const stored = async () => {
    const { db } = kept.store
    const [files, chunks] = await Promise.all([
      db.selectFrom('files').selectAll().execute(),
      db.selectFrom('file_chunks').select('file_id').execute(),
    ])
    return { files: files.length, chunks: chunks.length }
  }

  test('simultaneous uploads together stay within the limit', async () => {
    const content = new Uint8Array(1_000_000)
    const uploads = await Promise.allSettled(
      Array.from({ length: 6 }, () => upload(server(), bytes(content))),
    )
    const refused = uploads.filter((each) => each.status === 'rejected')
    for (const { reason } of refused) {
      expect(reason).toMatchObject({ status: 403, message: /files_limit is 3000000 bytes/ })
    }
    const { files } = await server().list('', { limit: 10 })
    const sum = files.reduce((total, { size }) => total + size, 0)
    expect(sum).toBeLessThanOrEqual(LIMIT)
    expect(files.length).toBeGreaterThan(0)
    expect(files.length + refused.length).toBe(6)
    // The room of the refused ones is free again.
    if (sum + content.length <= LIMIT) await upload(server(), bytes(content))
    expect(await stored()).toMatchObject({ files: 3 })
  })

  test('uploads of a dead server are deleted once its lease has ended, and nothing else', async () => {
    const [reached, gate] = [new Deferred<void>(), new Deferred<void>()]
    const slow = server('elsewhere/1/slow')
    const uploaded = upload(
      slow,
      bytes(new Uint8Array(600_000), () => (reached.resolve(), gate.promise), new Uint8Array(10)),
    )
    await reached.promise
    // An hour of reading does not make it abandoned.
    ahead = 90 * MINUTE
    await slow.forgetOld()
    expect(await stored()).toEqual({ files: 1, chunks: 1 })
    await server().forgetOld()
    expect(await stored()).toEqual({ files: 0, chunks: 0 })
    gate.resolve()
    // Other servers took it for dead: its client gets an error, because nothing is kept.
    await expect(uploaded).rejects.toMatchObject({ status: 503 })
    expect(await stored()).toEqual({ files: 0, chunks: 0 })
  })

  test('a lease from before the clock was put back ends as well', async () => {
    ahead = 24 * 60 * MINUTE
    const reached = new Deferred<void>()
    const dead = upload(
      server('elsewhere/1/dead'),
      bytes(new Uint8Array(10), () => (reached.resolve(), new Promise(() => {}))),
    )
    void dead.catch(() => {})
    await reached.promise
    ahead = 0
    await server().forgetOld()
    expect(await stored()).toEqual({ files: 0, chunks: 0 })
  })

  test.skipIf(!knowsTheGone)('a server of this machine that has ended has no lease', async () => {
    await upload(server(), bytes(new Uint8Array(10)))
    await kept.store.db
      .updateTable('files')
      .set({
        ready: 0,
        worker: newWorkerName().replace(/[^/]+$/, 'earlier'),
        lease_until: now() + MINUTE,
      })
      .execute()
    await server().forgetOld()
    expect(await stored()).toEqual({ files: 0, chunks: 0 })
  })
}
