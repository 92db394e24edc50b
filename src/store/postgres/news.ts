import type pg from 'pg'

import type { Subject } from '../store.ts'

type Listener = (subject?: Subject) => void

/** The wait after a connection was lost, in milliseconds. */
const FIRST_WAIT = 500
const LONGEST_WAIT = 30_000

/**
 * Listens to the announcements of other replicas, over its own connection. A lost connection is
 * opened again.
 */
export class News {
  static readonly CHANNEL = 'claude_sub_proxy'

  readonly #connect: () => pg.Client
  readonly #onError: (error: unknown) => void
  readonly #listeners = new Set<Listener>()
  #client: pg.Client | undefined
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  #isClosed = false

  constructor(connect: () => pg.Client, onError: (error: unknown) => void) {
    this.#connect = connect
    this.#onError = onError
  }

  onNews(listener: Listener): void {
    this.#listeners.add(listener)
    if (this.#client === undefined) void this.#listen()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#client?.end().catch(() => {})
  }

  async #listen(): Promise<void> {
    const client = this.#connect()
    this.#client = client
    client.on('notification', ({ payload }) =>
      this.#tell((payload || undefined) as Subject | undefined),
    )
    client.on('error', (error) => this.#lost(client, error))
    client.on('end', () => this.#lost(client, undefined))
    try {
      await client.connect()
      await client.query(`listen ${News.CHANNEL}`)
      this.#failures = 0
      // Announcements may have been missed meanwhile.
      this.#tell()
    } catch (error) {
      this.#lost(client, error)
    }
  }

  #lost(client: pg.Client, error: unknown): void {
    if (this.#isClosed || client !== this.#client) return
    if (error !== undefined && this.#failures === 0) this.#onError(error)
    this.#client = undefined
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures)
    this.#failures += 1
    void client.end().catch(() => {})
    this.#timer = setTimeout(() => void this.#listen(), wait).unref()
  }

  #tell(subject?: Subject): void {
    for (const listener of this.#listeners) listener(subject)
  }
}
