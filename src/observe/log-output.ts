import { write, writeSync } from 'node:fs'

import type { DestinationStream } from 'pino'

/** The two system calls of an output. */
export type LogSystem = {
  write: (
    descriptor: number,
    bytes: Uint8Array,
    done: (error: NodeJS.ErrnoException | null, count: number) => void,
  ) => void
  writeSync: (descriptor: number, bytes: Uint8Array) => number
}

/** Maximum number of characters that wait for a slow reader. Further lines are lost. */
const MAX_WAITING = 4_000_000

/** Milliseconds between two attempts to write to a full pipe. */
const TRY_AGAIN = 100

const LINE_END = '\n'

/**
 * Writes the lines of a log to a descriptor in the background. A log must never stop the server: on a
 * full disk, a closed terminal or a closed pipe, lines are lost, and later lines are tried again.
 */
export class LogOutput implements DestinationStream {
  readonly #descriptor: number
  readonly #system: LogSystem
  #waiting = ''
  /** The bytes that are being written, or that a full pipe has not taken yet. */
  #next: Uint8Array = Buffer.alloc(0)
  #isWriting = false
  /** Whether the file ends with a part of a line. */
  #isTorn = false

  constructor(descriptor: number, system: LogSystem = { write, writeSync }) {
    this.#descriptor = descriptor
    this.#system = system
  }

  write(lines: string): void {
    if (this.#waiting.length < MAX_WAITING) this.#waiting += lines
    this.#writeNext()
  }

  /** Writes the waiting lines before the process ends. Does not wait for a full pipe. */
  flush(): void {
    const rest = [this.#isWriting ? Buffer.alloc(0) : this.#next, Buffer.from(this.#waiting)]
    this.#waiting = ''
    let bytes = Buffer.concat(rest)
    try {
      while (bytes.length > 0) {
        bytes = bytes.subarray(this.#system.writeSync(this.#descriptor, bytes))
      }
    } catch {
      // The lines are lost.
    }
  }

  #writeNext(): void {
    if (this.#isWriting) return
    if (this.#next.length === 0) {
      if (this.#waiting === '') return
      this.#next = Buffer.from(this.#isTorn ? LINE_END + this.#waiting : this.#waiting)
      this.#waiting = ''
      this.#isTorn = false
    }
    this.#isWriting = true
    this.#system.write(this.#descriptor, this.#next, (error, count) => this.#wrote(error, count))
  }

  #wrote(error: NodeJS.ErrnoException | null, count: number): void {
    this.#isWriting = false
    if (error?.code === 'EAGAIN') {
      setTimeout(() => this.#writeNext(), TRY_AGAIN).unref()
      return
    }
    if (error === null) {
      this.#next = this.#next.subarray(count)
      this.#isTorn = this.#next.length > 0
    } else {
      this.#next = Buffer.alloc(0)
    }
    this.#writeNext()
  }
}
