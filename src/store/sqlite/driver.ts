import { setImmediate, setTimeout } from 'node:timers/promises'

import type { DatabaseSyncInstance } from '@photostructure/sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'

import { Deferred } from '../../deferred.ts'

/** How long to wait while another process writes, and how often to look, in milliseconds. */
const LOCKED_MILLISECONDS = 5000
const LOOK_MILLISECONDS = 20

/** Two connections to the same file. A read sees all that was committed before it. */
export type Connections = { writer: DatabaseSyncInstance; reader: DatabaseSyncInstance }

/**
 * Kysely's dialect for a database in a file. One connection writes, so only one transaction runs at a
 * time. Reads use the other one: they never wait for a write, also if another program has locked the
 * database. No wait blocks this process.
 *
 * @param translate turns an error of the database into the error to throw
 * @param patience how long a write waits for the lock of another process, including its time in line,
 * in milliseconds
 */
export function sqliteDialect(
  connections: Connections,
  translate: (error: unknown) => unknown,
  patience = LOCKED_MILLISECONDS,
): Dialect {
  return {
    createAdapter: () => new Adapter(),
    createDriver: () => new SqliteDriver(connections, translate, patience),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

/** Migrations run in a transaction, so that two processes that start together do not interfere. */
class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

class SqliteDriver implements Driver {
  readonly #connections: Connections
  readonly #translate: (error: unknown) => unknown
  readonly #patience: number
  readonly #line = new Line()

  constructor(connections: Connections, translate: (error: unknown) => unknown, patience: number) {
    this.#connections = connections
    this.#translate = translate
    this.#patience = patience
  }

  init(): Promise<void> {
    return Promise.resolve()
  }

  async acquireConnection(): Promise<Session> {
    // A query runs synchronously, so a caller with many queries must pause between them.
    await setImmediate()
    return new Session(this.#connections, this.#line, this.#translate, this.#patience)
  }

  releaseConnection(session: Session): Promise<void> {
    session.release()
    return Promise.resolve()
  }

  /**
   * `immediate`, because a transaction that began with a read could not write after another process
   * wrote.
   */
  async beginTransaction(session: Session): Promise<void> {
    await session.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  async commitTransaction(session: Session): Promise<void> {
    await session.executeQuery(CompiledQuery.raw('commit'))
  }

  /** After some errors, such as a full disk, SQLite has ended the transaction itself. */
  async rollbackTransaction(session: Session): Promise<void> {
    if (!this.#connections.writer.isTransaction) return
    await session.executeQuery(CompiledQuery.raw('rollback'))
  }

  destroy(): Promise<void> {
    this.#connections.reader.close()
    this.#connections.writer.close()
    return Promise.resolve()
  }
}

/** The users of the writing connection, one after the other. */
class Line {
  /** Settles when the last one in line has left. */
  #last: Promise<void> = Promise.resolve()

  /** Returns a function that lets the next one in. */
  async enter(): Promise<() => void> {
    const before = this.#last
    const held = new Deferred<void>()
    this.#last = held.promise
    await before
    return () => held.resolve()
  }
}

/** A query, or the queries of a transaction. */
class Session implements DatabaseConnection {
  readonly #connections: Connections
  readonly #line: Line
  readonly #translate: (error: unknown) => unknown
  readonly #deadline: number
  /** Leaves the line of the writing connection. */
  #leave: (() => void) | undefined

  constructor(
    connections: Connections,
    line: Line,
    translate: (error: unknown) => unknown,
    patience: number,
  ) {
    this.#connections = connections
    this.#line = line
    this.#translate = translate
    this.#deadline = performance.now() + patience
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { reader, writer } = this.#connections
    if (this.#leave === undefined && READ.test(query.sql)) {
      return this.#untilUnlocked(() => step<Row>(reader, query))
    }
    this.#leave ??= await this.#line.enter()
    return this.#untilUnlocked(() => step<Row>(writer, query))
  }

  release(): void {
    this.#leave?.()
    this.#leave = undefined
  }

  // oxlint-disable-next-line require-yield
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('Rows must be read page by page: an open cursor would block all other queries.')
  }

  async #untilUnlocked<T>(attempt: () => T): Promise<T> {
    for (;;) {
      try {
        return attempt()
      } catch (error) {
        const isLocked = codeOf(error).startsWith('SQLITE_BUSY')
        if (!isLocked || performance.now() >= this.#deadline) throw this.#translate(error)
      }
      await setTimeout(LOOK_MILLISECONDS)
    }
  }
}

function step<Row>(
  database: DatabaseSyncInstance,
  { sql, parameters }: CompiledQuery,
): QueryResult<Row> {
  if (VACUUM.test(sql)) {
    database.exec(sql)
    return { rows: [] }
  }
  const statement = database.prepare(sql)
  if (statement.columns().length > 0) return { rows: statement.all(...parameters) as Row[] }
  const { changes, lastInsertRowid } = statement.run(...parameters)
  return {
    rows: [],
    numAffectedRows: BigInt(changes),
    insertId: BigInt(lastInsertRowid),
  }
}

const READ = /^\s*(?:select|with)\b/i
/** As a prepared statement, it would stop after a page. */
const VACUUM = /^pragma incremental_vacuum\b/i

/**
 * What SQLite says in its errors: https://sqlite.org/rescode.html. The package gives the code of some
 * errors only in this form.
 */
const CODES: readonly (readonly [text: RegExp, code: string])[] = [
  [/^database is locked/, 'SQLITE_BUSY'],
  [/^database (?:table|schema) is locked/, 'SQLITE_LOCKED'],
  [/^database or disk is full/, 'SQLITE_FULL'],
  [/^database disk image is malformed/, 'SQLITE_CORRUPT'],
  [/^file is not a database/, 'SQLITE_NOTADB'],
  [/ constraint failed\b/, 'SQLITE_CONSTRAINT'],
]

/** The code of an error of SQLite, such as `SQLITE_BUSY`, or of the system; '' if it has none. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  const known = CODES.find(([text]) => text.test(error.message))
  if (known !== undefined) return known[1]
  const code = 'code' in error ? error.code : ''
  return typeof code === 'string' ? code : ''
}
