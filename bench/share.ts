import type { ChildProcess } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'

import { createProxy } from '../src/index.ts'
import { ask } from './client.ts'
import { type Summary, summarize } from './statistics.ts'
import { MODEL, SYSTEM, user } from './workloads.ts'

/** The time that the proxy itself adds, in milliseconds. */
export type Share = {
  /** From a request's head to the first byte that is written into the process. */
  inward: Summary
  /** From an event out of the process to its bytes on the client's socket. */
  outward: Summary
}

/** The measured server has already run for a while. */
const WARM_UP = 50
const DELTAS = 3

/**
 * Watches the connections and child processes of a proxy in this process, by Node's diagnostics
 * channels. A turn begins only after the previous one has ended.
 */
export async function measureShare(
  url: string,
  env: Record<string, string>,
  turns: number,
): Promise<Share> {
  const watch = new Watch()
  const proxy = await createProxy({ env, port: 0 })
  try {
    const { port } = await proxy.listen()
    const messages: object[] = []
    for (let turn = 0; turn < WARM_UP + turns; turn += 1) {
      messages.push(user(`${turn} deltas=${DELTAS} every=5`))
      const body = { model: MODEL, system: SYSTEM, messages }
      const { message } = await ask(`http://127.0.0.1:${port}`, body)
      messages.push({ role: 'assistant', content: message.text })
      await setTimeout(60)
    }
  } finally {
    await proxy.close()
    watch.stop()
  }
  const [inward, outward] = [watch.inward, watch.outward].map((times) => times.slice(-turns))
  return { inward: summarize(inward ?? []), outward: summarize(outward ?? []) }
}

class Watch {
  readonly inward: number[] = []
  readonly outward: number[] = []
  #requestAt: number | undefined
  #eventAt: number | undefined
  readonly #onProcess = (message: unknown): void => {
    const { process } = message as { process: ChildProcess }
    // The pipes of a process exist only after its announcement.
    queueMicrotask(() => this.#watchProcess(process))
  }
  readonly #onRequest = (message: unknown): void => {
    this.#requestAt = performance.now()
    const { socket } = message as { socket: Socket & { isWatched?: boolean } }
    if (socket.isWatched === true) return
    socket.isWatched = true
    const write = socket.write.bind(socket) as (...parts: unknown[]) => boolean
    socket.write = (...parts: unknown[]) => {
      const isWritten = write(...parts)
      if (hasDelta(parts[0])) this.#eventIsOut()
      return isWritten
    }
  }

  constructor() {
    subscribe('child_process', this.#onProcess)
    subscribe('http.server.request.start', this.#onRequest)
  }

  stop(): void {
    unsubscribe('child_process', this.#onProcess)
    unsubscribe('http.server.request.start', this.#onRequest)
  }

  #watchProcess({ stdin, stdout }: ChildProcess): void {
    if (stdin === null || stdout === null) return
    const write = stdin.write.bind(stdin) as (...parts: unknown[]) => boolean
    stdin.write = (...parts: unknown[]) => {
      this.#processIsTold()
      return write(...parts)
    }
    stdout.prependListener('data', (chunk: unknown) => {
      if (hasDelta(chunk)) this.#eventAt ??= performance.now()
    })
  }

  #processIsTold(): void {
    if (this.#requestAt === undefined) return
    this.inward.push(performance.now() - this.#requestAt)
    this.#requestAt = undefined
  }

  #eventIsOut(): void {
    if (this.#eventAt === undefined) return
    this.outward.push(performance.now() - this.#eventAt)
    this.#eventAt = undefined
  }
}

function hasDelta(chunk: unknown): boolean {
  if (typeof chunk === 'string') return chunk.includes('content_block_delta')
  return chunk instanceof Uint8Array && Buffer.from(chunk).includes('content_block_delta')
}
