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

/**
 * Kysely's dialect for a database in a file. There is one connection, so only one transaction runs
 * at a time. A transaction that waits for another process does not block this one.
 *
 * @param translate turns an error of the database into the error to throw
 * @param patience how long to wait for the lock of another process, in milliseconds
 */
export function sqliteDialect(
  database: Libsql.Database,
  translate: (error: unknown) => unknown,
  patience = LOCKED_MILLISECONDS,
): Dialect {
  return {
    createAdapter: () => new Adapter(),
    createDriver: () => new SqliteDriver(database, translate, patience),
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
  readonly #connection: Connection
  readonly #database: Libsql.Database
  /** Settles when the last user in line has returned the connection. */
  #last: Promise<void> = Promise.resolve()
  #release: () => void = () => {}

  constructor(database: Libsql.Database, translate: (error: unknown) => unknown, patience: number) {
    this.#database = database
    this.#connection = new Connection(database, translate, patience)
  }

  init(): Promise<void> {
    return Promise.resolve()
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#last
    const held = new Deferred<void>()
    this.#last = held.promise
    await before
    // A query runs synchronously, so a caller with many queries must pause between them.
    await setImmediate()
    this.#release = () => held.resolve()
    return this.#connection
  }

  releaseConnection(): Promise<void> {
    this.#release()
    return Promise.resolve()
  }

  /**
   * `immediate`, because a transaction that began with a read could not write after another process
   * wrote.
   */
  async beginTransaction(): Promise<void> {
    await this.#connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  async commitTransaction(): Promise<void> {
    await this.#connection.executeQuery(CompiledQuery.raw('commit'))
  }

  /** After some errors, such as a full disk, SQLite has ended the transaction itself. */
  async rollbackTransaction(): Promise<void> {
    if (!this.#database.inTransaction) return
    await this.#connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  destroy(): Promise<void> {
    this.#database.close()
    return Promise.resolve()
  }
}

class Connection implements DatabaseConnection {
  readonly #database: Libsql.Database
  readonly #translate: (error: unknown) => unknown
  readonly #patience: number

  constructor(database: Libsql.Database, translate: (error: unknown) => unknown, patience: number) {
    this.#database = database
    this.#translate = translate
    this.#patience = patience
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const deadline = performance.now() + this.#patience
    for (;;) {
      try {
        return this.#execute<Row>(query)
      } catch (error) {
        const isLocked = codeOf(error).startsWith('SQLITE_BUSY') && performance.now() < deadline
        if (!isLocked) throw this.#translate(error)
      }
      await setTimeout(LOOK_MILLISECONDS)
    }
  }

  // oxlint-disable-next-line require-yield
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('Rows must be read page by page: an open cursor would block all other queries.')
  }

  /**
   * A prepared statement that fails because of another process's lock stays active until it is
   * garbage collected, and meanwhile no transaction can be committed. So a statement that writes
   * runs only in a transaction that has the lock, and the statement that takes the lock is not a
   * prepared one.
   */
  #execute<Row>(query: CompiledQuery): QueryResult<Row> {
    const { sql } = query
    if (TRANSACTION.test(sql)) {
      this.#database.exec(sql)
      return { rows: [] }
    }
    if (this.#database.inTransaction || !WRITE.test(sql)) return this.#step(query)
    this.#database.exec('begin immediate')
    try {
      const result = this.#step<Row>(query)
      this.#database.exec('commit')
      return result
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec('rollback')
      throw error
    }
  }

  #step<Row>({ sql, parameters }: CompiledQuery): QueryResult<Row> {
    const statement = this.#database.prepare(sql)
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
}

const TRANSACTION = /^(?:begin|commit|rollback)\b/i
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
