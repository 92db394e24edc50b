import { randomBytes } from 'node:crypto'

import type { ExpressionBuilder, Selectable } from 'kysely'

import { ApiError } from '../errors.ts'
import { abandonedIn, INTAKE_LEASE, intakeLost, whileRenewed } from '../store/intake.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import type { FilePlace } from './file-place.ts'
import { TypeGuess } from './type-guess.ts'

export type StoredFile = {
  id: string
  filename: string
  mimeType: string
  /** Bytes. */
  size: number
  purpose: string
  /** Milliseconds since the epoch. */
  createdAt: number
  /** Null if it is kept until it is deleted. */
  expiresAt: number | null
}

export type NewFile = { owner: string; filename: string; purpose: string }

/** Maximum bytes of one file, as at the API, and maximum files of an owner. */
export const MAX_BYTES = 500 * 1024 * 1024
export const MAX_FILES = 10_000

/** Bytes of a piece, which is read or written in one step. */
const PIECE = 512 * 1024
/** The files in the store. Every function names an owner, and sees only that owner's files. */
export class FileRecords {
  readonly #store: Store
  readonly #limit: number
  readonly #worker: string
  readonly #now: () => number

  /**
   * @param limit bytes of all files together
   * @param worker the name of this process, from `newWorkerName`
   * @param now milliseconds since the epoch
   */
  constructor(store: Store, limit: number, worker: string, now: () => number = () => Date.now()) {
    this.#store = store
    this.#limit = limit
    this.#worker = worker
    this.#now = now
  }

  /**
   * Stores a file. It stays invisible until all of it is written.
   *
   * @throws ApiError 413 if it is too large, 403 if there is no room for it, 503 if other servers
   * took this one for dead, and deleted the file
   */
  async create(
    { owner, filename, purpose }: NewFile,
    content: AsyncIterable<Uint8Array>,
  ): Promise<StoredFile> {
    const { db } = this.#store
    const createdAt = this.#now()
    const id = `file_${randomBytes(12).toString('hex')}`
    await this.forgetOld()
    return whileRenewed(db, 'files', id, this.#now, async () => {
      await this.#begin({ id, owner, filename, purpose, createdAt })
      try {
        const { size, mimeType } = await this.#write(id, content)
        await this.#store.durably(() => this.#finish(id, mimeType))
        return { id, filename, mimeType, size, purpose, createdAt, expiresAt: null }
      } catch (error) {
        await this.#remove(id)
        throw error
      }
    })
  }

  async #finish(id: string, mimeType: string): Promise<void> {
    const { numUpdatedRows } = await this.#store.db
      .updateTable('files')
      .set({ mime_type: mimeType, ready: 1, worker: null, lease_until: null })
      .where('id', '=', id)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) throw intakeLost('file')
  }

  async #begin(file: NewFile & { id: string; createdAt: number }): Promise<void> {
    const { id, owner, filename, purpose, createdAt } = file
    await this.#store.db.transaction().execute(async (db) => {
      await this.#store.serialize(db, 'files')
      const own = await db
        .selectFrom('files')
        .select((is) => is.fn.countAll<number>().as('count'))
        .where('owner', '=', owner)
        .executeTakeFirst()
      if ((own?.count ?? 0) >= MAX_FILES) throw noRoom(`there are ${MAX_FILES} files already`)
      await db
        .insertInto('files')
        .values({
          id,
          owner,
          filename,
          purpose,
          mime_type: '',
          size: 0,
          created_at: createdAt,
          ready: 0,
          expires_at: null,
          worker: this.#worker,
          lease_until: createdAt + INTAKE_LEASE,
        })
        .execute()
    })
  }

  /** @throws ApiError 404 */
  async get(owner: string, id: string): Promise<StoredFile> {
    const file = await this.find(owner, id)
    if (file === undefined) throw new ApiError('not_found_error', `There is no file '${id}'.`)
    return file
  }

  async find(owner: string, id: string): Promise<StoredFile | undefined> {
    const row = await this.#store.db
      .selectFrom('files')
      .selectAll()
      .where('id', '=', id)
      .where('owner', '=', owner)
      .where('ready', '=', 1)
      .where(isKept(this.#now()))
      .executeTakeFirst()
    return row && fileOf(row)
  }

  /**
   * A page of the files, by default the latest first.
   *
   * @param page at most one of `after` and `before`
   */
  async list(
    owner: string,
    { limit, after, before, purpose, ids, isAscending = false }: FilePageRequest,
  ): Promise<{ files: StoredFile[]; hasMore: boolean }> {
    let query = this.#store.db
      .selectFrom('files')
      .selectAll()
      .where('owner', '=', owner)
      .where('ready', '=', 1)
      .where(isKept(this.#now()))
      .limit(limit + 1)
    if (purpose !== undefined) query = query.where('purpose', '=', purpose)
    if (ids !== undefined) query = query.where('id', 'in', ids)
    const from = after ?? before
    const isBackwards = before !== undefined
    const isUpwards = isAscending !== isBackwards
    if (from !== undefined) {
      const { createdAt, key } = from
      query = query.where((is) =>
        is(is.refTuple('created_at', 'id'), isUpwards ? '>' : '<', is.tuple(createdAt, key)),
      )
    }
    const direction = isUpwards ? 'asc' : 'desc'
    const rows = await query.orderBy('created_at', direction).orderBy('id', direction).execute()
    const files = rows.slice(0, limit).map(fileOf)
    return { files: isBackwards ? files.toReversed() : files, hasMore: rows.length > limit }
  }

  /** The facts about a file that are known only after its content. */
  async note(
    id: string,
    { purpose, expiresAt }: Partial<Pick<StoredFile, 'purpose' | 'expiresAt'>>,
  ): Promise<void> {
    if (purpose === undefined && expiresAt === undefined) return
    await this.#store.db
      .updateTable('files')
      .set({
        ...(purpose !== undefined && { purpose }),
        ...(expiresAt !== undefined && { expires_at: expiresAt }),
      })
      .where('id', '=', id)
      .execute()
  }

  /** The bytes of a file, piece by piece. */
  async *content(id: string): AsyncIterableIterator<Uint8Array> {
    for (let position = 0; ; position += 1) {
      const row = await this.#store.db
        .selectFrom('file_chunks')
        .select('content')
        .where('file_id', '=', id)
        .where('position', '=', position)
        .executeTakeFirst()
      if (row === undefined) return
      yield row.content
    }
  }

  /**
   * Deletes a file, and its bytes on the disk.
   *
   * @throws ApiError 404
   */
  async delete(owner: string, id: string): Promise<void> {
    await this.get(owner, id)
    await this.#remove(id)
  }

  async #write(
    id: string,
    content: AsyncIterable<Uint8Array>,
  ): Promise<{ size: number; mimeType: string }> {
    const guess = new TypeGuess()
    let size = 0
    let position = 0
    for await (const piece of piecesOf(content)) {
      size += piece.length
      if (size > MAX_BYTES) {
        throw new ApiError(
          'request_too_large',
          `File exceeds the maximum size: ${MAX_BYTES} bytes.`,
        )
      }
      guess.push(piece)
      await this.#add(id, position, piece)
      position += 1
    }
    return { size, mimeType: guess.end() }
  }

  /** Stores a piece of a file, if all files together leave room for it. */
  async #add(id: string, position: number, piece: Uint8Array): Promise<void> {
    const hasRoom = await this.#store.db.transaction().execute(async (db) => {
      await this.#store.serialize(db, 'files')
      const all = await db
        .selectFrom('files')
        .select((is) => is.fn.sum<number | null>('size').as('size'))
        .executeTakeFirst()
      const fits = (all?.size ?? 0) + piece.length <= this.#limit
      const { numUpdatedRows } = await db
        .updateTable('files')
        // A file that is refused leaves its room to the others at once.
        .set((is) => ({ size: fits ? is('size', '+', piece.length) : 0 }))
        .where('id', '=', id)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) throw intakeLost('file')
      if (fits) {
        await db
          .insertInto('file_chunks')
          .values({ file_id: id, position, content: piece })
          .execute()
      }
      return fits
    })
    if (!hasRoom) throw noRoom(`files_limit is ${this.#limit} bytes`)
  }

  /** Deletes files that have expired, and those whose server died before they were whole. */
  async forgetOld(): Promise<void> {
    const now = this.#now()
    const expired = await this.#store.db
      .selectFrom('files')
      .select('id')
      .where('expires_at', '<=', now)
      .execute()
    const abandoned = await abandonedIn(this.#store, 'files', this.#worker, now)
    for (const id of [...expired.map((row) => row.id), ...abandoned]) await this.#remove(id)
  }

  async #remove(id: string): Promise<void> {
    const { db } = this.#store
    await db.transaction().execute(async (step) => {
      await step.deleteFrom('file_chunks').where('file_id', '=', id).execute()
      await step.deleteFrom('files').where('id', '=', id).execute()
    })
    await this.#store.scrub()
  }
}

export type FilePageRequest = {
  limit: number
  after?: FilePlace | undefined
  before?: FilePlace | undefined
  purpose?: string
  /** Only these. */
  ids?: readonly string[]
  /** The oldest first. */
  isAscending?: boolean
}

function isKept(now: number) {
  return (is: ExpressionBuilder<Schema, 'files'>) =>
    is.or([is('expires_at', 'is', null), is('expires_at', '>', now)])
}

/** Splits bytes into pieces of equal size. */
async function* piecesOf(content: AsyncIterable<Uint8Array>): AsyncIterableIterator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let length = 0
  for await (const chunk of content) {
    waiting.push(chunk)
    length += chunk.length
    if (length < PIECE) continue
    const all = Buffer.concat(waiting)
    const whole = all.length - (all.length % PIECE)
    for (let start = 0; start < whole; start += PIECE) yield all.subarray(start, start + PIECE)
    waiting = [all.subarray(whole)]
    length = all.length - whole
  }
  if (length > 0) yield Buffer.concat(waiting)
}

function noRoom(reason: string): ApiError {
  return new ApiError(
    'permission_error',
    `There is no room for one more file: ${reason}. Delete some.`,
  )
}

function fileOf(row: Selectable<Schema['files']>): StoredFile {
  return {
    id: row.id,
    filename: row.filename,
    mimeType: row.mime_type,
    size: row.size,
    purpose: row.purpose,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}
