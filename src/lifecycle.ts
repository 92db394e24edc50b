import { Deferred } from './deferred.ts'
import { stopping } from './refusals.ts'
import { within } from './within.ts'

/**
 * The states of a proxy, in this order. A proxy that never listens goes from `ready` to `draining`;
 * one whose start fails goes there from `starting`.
 */
export type Stage = 'starting' | 'ready' | 'listening' | 'draining' | 'closed'

/** An open port. */
export type Port = {
  port: number
  /** Accepts no more connections, and resolves when all open ones are closed. */
  close: () => Promise<void>
  /** Closes the connections that are still open, at once. */
  cut: () => void
}

/** The steps between the states. */
export type LifecycleSteps = {
  start: () => Promise<unknown>
  listen: () => Promise<Port>
  /** Ends the requests in flight, each with an error for its client. */
  stop: () => Promise<unknown>
  /** Deletes the files and folders of the proxy. */
  release: () => Promise<unknown>
  /** Milliseconds that requests in flight may take after `close()`. */
  drainTimeout: number
  /** Receives the error of a shutdown step; the other steps still run. */
  onError: (error: unknown) => void
}

/** Minimum time for clients to read the sent bytes before their connections are closed. */
const FLUSH_MILLISECONDS = 1000

/**
 * Starts, opens and closes a proxy, each exactly once, in whatever order and however often the
 * methods are called. After `close()` no port is open, and no request begins that `close()` does
 * not wait for.
 */
export class Lifecycle {
  readonly #steps: LifecycleSteps
  readonly #inFlight = new Set<Promise<void>>()
  #stage: Stage = 'starting'
  #opened: Promise<Port> | undefined
  #closed: Promise<void> | undefined

  constructor(steps: LifecycleSteps) {
    this.#steps = steps
  }

  get stage(): Stage {
    return this.#stage
  }

  /**
   * @param signal cancels the start; everything that was begun is ended
   * @throws the error of the start, or the signal's reason
   */
  async start(signal?: AbortSignal): Promise<void> {
    const abandoned = new Deferred<never>()
    const abandon = (): void => abandoned.reject(signal?.reason)
    signal?.addEventListener('abort', abandon, { once: true })
    try {
      signal?.throwIfAborted()
      await Promise.race([this.#steps.start(), abandoned.promise])
      this.#stage = 'ready'
    } catch (error) {
      await this.close()
      throw error
    } finally {
      signal?.removeEventListener('abort', abandon)
    }
  }

  /**
   * Opens the port. Further calls return the port that is open.
   *
   * @throws Error after `close()`, and the system's error (`EADDRINUSE`, …); after a system error
   * it may be called again
   */
  async listen(): Promise<Port> {
    this.#assertOpen()
    this.#opened ??= this.#open()
    const port = await this.#opened
    this.#assertOpen()
    this.#stage = 'listening'
    return port
  }

  /**
   * Registers a request in flight, for which `close()` waits.
   *
   * @returns a function to call when the request has ended
   * @throws ApiError 529 after `close()`
   */
  begin(): () => void {
    if (this.#isEnding) throw stopping()
    const ended = new Deferred<void>()
    this.#inFlight.add(ended.promise)
    return () => {
      this.#inFlight.delete(ended.promise)
      ended.resolve()
    }
  }

  /** Runs a function as a request in flight. Throws as `begin` does. */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    const end = this.begin()
    try {
      return await work()
    } finally {
      end()
    }
  }

  /**
   * Lets requests in flight finish, then ends everything. Never rejects. All callers wait for the
   * same end.
   */
  close(): Promise<void> {
    return (this.#closed ??= this.#end())
  }

  async #end(): Promise<void> {
    this.#stage = 'draining'
    // If the port is being opened, wait until it is open.
    const port = await this.#opened?.catch(() => undefined)
    const flushed = port?.close() ?? Promise.resolve()
    const drainedAt = performance.now() + this.#steps.drainTimeout
    await within(this.#steps.drainTimeout, Promise.all(this.#inFlight))
    // Replies that are still in progress end with an error, which needs a moment to be sent.
    await this.#try(this.#steps.stop)
    // A slow client may still be reading a reply that is already complete.
    await within(Math.max(FLUSH_MILLISECONDS, drainedAt - performance.now()), flushed)
    port?.cut()
    await this.#try(this.#steps.release)
    this.#stage = 'closed'
  }

  async #open(): Promise<Port> {
    try {
      return await this.#steps.listen()
    } catch (error) {
      this.#opened = undefined
      throw error
    }
  }

  async #try(step: () => Promise<unknown>): Promise<void> {
    try {
      await step()
    } catch (error) {
      this.#steps.onError(error)
    }
  }

  get #isEnding(): boolean {
    return this.#stage === 'draining' || this.#stage === 'closed'
  }

  #assertOpen(): void {
    if (this.#isEnding) throw new Error('The proxy is closed. Create a new one.')
  }
}
