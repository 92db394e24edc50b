import { setImmediate, setTimeout } from 'node:timers/promises'

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
import type Libsql from 'libsql'

import { Deferred } from '../../deferred.ts'

/** How long to wait while another process writes, and how often to look, in milliseconds. */
const LOCKED_MILLISECONDS = 5000
const LOOK_MILLISECONDS = 20

/** Two connections to the same file. A read sees all that was committed before it. */
export type Connections = { writer: Libsql.Database; reader: Libsql.Database }

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
    if (!this.#connections.writer.inTransaction) return
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
    return this.#untilUnlocked(() => write<Row>(writer, query))
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

/**
 * A prepared statement that fails because of another process's lock stays active until it is garbage
 * collected, and meanwhile no transaction can be committed. So a statement that writes runs only in a
 * transaction that has the lock, and the statement that takes the lock is not a prepared one.
 */
function write<Row>(writer: Libsql.Database, query: CompiledQuery): QueryResult<Row> {
  const { sql } = query
  if (AS_TEXT.test(sql)) {
    writer.exec(sql)
    return { rows: [] }
  }
  if (writer.inTransaction || !WRITE.test(sql)) return step(writer, query)
  writer.exec('begin immediate')
  try {
    const result = step<Row>(writer, query)
    writer.exec('commit')
    return result
  } catch (error) {
    if (writer.inTransaction) writer.exec('rollback')
    throw error
  }
}

function step<Row>(database: Libsql.Database, query: CompiledQuery): QueryResult<Row> {
  const { sql, parameters } = query
  const statement = database.prepare(sql)
  const values = parameters.map(toSqlite)
  if (statement.reader) {
    return { rows: (statement.all(values) as Record<string, unknown>[]).map(fromSqlite) as Row[] }
  }
  const { changes, lastInsertRowid } = statement.run(values)
  return {
    rows: [],
    numAffectedRows: BigInt(changes),
    insertId: BigInt(lastInsertRowid),
  }
}

/** As a query, a vacuum would stop after a page, and hold a lock. */
const AS_TEXT = /^(?:begin|commit|rollback|pragma incremental_vacuum)\b/i
const READ = /^\s*(?:select|with)\b/i
const WRITE = /^\s*(?:insert|update|delete|create|alter|drop)\b/i

/** The database's own code for an error, such as `SQLITE_BUSY`; '' if it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  return typeof code === 'string' ? code : ''
}

function toSqlite(value: unknown): unknown {
  return value instanceof Uint8Array && !Buffer.isBuffer(value) ? Buffer.from(value) : value
}

/** Bytes come as a view of a larger buffer. */
function fromSqlite(row: Record<string, unknown>): Record<string, unknown> {
  for (const [name, value] of Object.entries(row)) {
    if (value instanceof ArrayBuffer) row[name] = new Uint8Array(value)
  }
  return row
}
