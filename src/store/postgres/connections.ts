import { Socket } from 'node:net'

import type { PostgresPool, PostgresPoolClient } from 'kysely'
import { Client, type ClientConfig, DatabaseError, Pool, type PoolClient, types } from 'pg'

/** How long to wait for a database that is silent, in milliseconds. */
export type Patience = {
  /** Until a connection is open. */
  connect: number
  /** Until a query is answered. Then its connection is closed: its state is unknown. */
  answer: number
  /**
   * Until the database itself ends a query, with the locks that the query holds or waits for.
   * Shorter than `answer`, so that no query is left in the database.
   */
  statement: number
  /** Until the database ends the transaction of a server that is silent, with its locks. */
  transaction: number
}

export const PATIENCE: Patience = {
  connect: 5000,
  answer: 20_000,
  statement: 15_000,
  transaction: 60_000,
}

/** Connections of one replica, not counting the listening one. */
const CONNECTIONS = 8

/** Milliseconds of silence until the system checks whether the other end of a connection exists. */
const KEEP_ALIVE_DELAY = 10_000

/**
 * The type numbers of PostgreSQL's large integers; their values come as text, because they may
 * exceed a number.
 */
const [INT8, NUMERIC] = [20, 1700]

/** The connections to a database. Every wait for it ends. */
export class Connections implements PostgresPool {
  readonly #settings: ClientConfig
  readonly #pool: Pool
  readonly #translate: (error: unknown) => unknown
  readonly #sockets = new Set<Socket>()
  #isCut = false

  /**
   * @param onError receives the errors of idle connections, which are replaced
   * @param translate turns an error of the database into the error to throw
   */
  constructor(
    url: string,
    patience: Patience,
    onError: (error: unknown) => void,
    translate: (error: unknown) => unknown,
  ) {
    this.#translate = translate
    this.#settings = {
      connectionString: url,
      application_name: 'claude-sub-proxy',
      connectionTimeoutMillis: patience.connect,
      query_timeout: patience.answer,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY,
      stream: () => this.#newSocket(),
    }
    this.#pool = new Pool({
      ...this.#settings,
      max: CONNECTIONS,
      types: { getTypeParser },
      // Not as parameters of the connection, which some poolers refuse. The pool waits for the
      // promise, but its type does not say so.
      // oxlint-disable-next-line typescript/no-misused-promises
      onConnect: (client) => client.query(boundsOf(patience)),
    })
    // Without a listener, the loss of an idle connection would end this process.
    this.#pool.on('error', (error) => this.#isCut || onError(error))
    // The same is true of a connection in use, whose query fails by itself.
    this.#pool.on('connect', (client) => client.on('error', () => {}))
  }

  /** A connection of its own, for announcements. */
  newClient(): Client {
    return new Client(this.#settings)
  }

  async connect(): Promise<PostgresPoolClient> {
    try {
      return new Connection(await this.#pool.connect(), this.#translate)
    } catch (error) {
      throw this.#translate(error)
    }
  }

  end(): Promise<void> {
    return this.#pool.end()
  }

  /** Ends all queries at once, and refuses new ones. */
  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) cutOff(socket)
  }

  #newSocket(): Socket {
    const socket = new Socket()
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    if (this.#isCut) setImmediate(() => cutOff(socket))
    return socket
  }
}

/** A connection that is used for a query, or for the queries of a transaction. */
class Connection implements PostgresPoolClient {
  readonly #client: PoolClient
  readonly #translate: (error: unknown) => unknown
  /** The reason why it can't be used any more. */
  #failure: { error: unknown } | undefined

  constructor(client: PoolClient, translate: (error: unknown) => unknown) {
    this.#client = client
    this.#translate = translate
  }

  // No cursor is ever used: the dialect is not told of one.
  readonly query = (async (statement: string, parameters: readonly unknown[]) => {
    if (this.#failure !== undefined) throw this.#failure.error
    try {
      return await this.#client.query(statement, [...parameters])
    } catch (cause) {
      const error = this.#translate(cause)
      // After an error of the database itself, the connection can still be used.
      if (!(cause instanceof DatabaseError)) {
        this.#failure = { error }
        void this.#client.end()
      }
      throw error
    }
  }) as unknown as PostgresPoolClient['query']

  release(isBroken = false): void {
    this.#client.release(isBroken || this.#failure !== undefined)
  }
}

/** The statement that sets the database's own time limits for a connection. */
function boundsOf({ statement, transaction }: Patience): string {
  return `set statement_timeout = ${statement}; set idle_in_transaction_session_timeout = ${transaction}`
}

function cutOff(socket: Socket): void {
  socket.destroy(new Error('The connection was terminated, because the proxy stops.'))
}

function getTypeParser(type: number, format?: 'text' | 'binary'): unknown {
  return type === INT8 || type === NUMERIC ? Number : types.getTypeParser(type, format)
}
