import { randomUUID } from 'node:crypto'
import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'

import { isSmall, jsonPieces } from '../../json-pieces.ts'
import { PIECE_LENGTH, textPieces } from '../../text-pieces.ts'

/** Milliseconds of work after which others are served. */
const BUDGET = 10

/**
 * The stdin of a process, written a piece after another: between them others are served, and no more
 * is made than the process reads.
 *
 * The Agent SDK makes one string of each line. So that a conversation of many megabytes is no part of
 * it, the SDK is given a name in its place (`nameOf`), and the value is put in here.
 */
export class PacedInput extends Writable {
  readonly #target: Writable
  readonly #named = new Map<string, unknown>()
  readonly #pause: () => Promise<unknown>
  readonly #now: () => number

  /**
   * @param target ends and fails with it
   * @param pause lets others go on
   * @param now milliseconds
   */
  constructor(
    target: Writable,
    pause: () => Promise<unknown> = setImmediate,
    now: () => number = () => performance.now(),
  ) {
    super({ decodeStrings: false })
    this.#target = target
    target.once('error', (error) => this.destroy(error))
    this.#pause = pause
    this.#now = now
  }

  /**
   * What is to be written in the place of a value of JSON: the value itself if it is small, or else a
   * name that no one can guess, until the line with it is written.
   */
  nameOf<Value>(value: Value): Value | string {
    if (isSmall(value)) return value
    const name = `large-${randomUUID()}`
    this.#named.set(name, value)
    return name
  }

  override _write(chunk: string, _encoding: string, done: (error?: Error | null) => void): void {
    // Nearly all lines are short: they are on their way at once.
    const isShort = chunk.length <= PIECE_LENGTH && this.#named.size === 0
    if (isShort && this.#target.write(chunk)) done()
    else void this.#writeOn(isShort ? '' : chunk, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#target.end()
    done()
  }

  /** Writes what is left of a line, and waits until more is taken. */
  async #writeOn(rest: string, done: (error?: Error | null) => void): Promise<void> {
    try {
      await drained(this.#target)
      await this.#writePieces(rest)
      done()
    } catch (error) {
      done(error as Error)
    }
  }

  async #writePieces(line: string): Promise<void> {
    let since = this.#now()
    for (const piece of this.#piecesOf(line)) {
      if (!this.#target.write(piece)) await drained(this.#target)
      if (this.#target.destroyed) return
      if (this.#now() - since < BUDGET) continue
      await this.#pause()
      since = this.#now()
    }
  }

  *#piecesOf(line: string): Generator<string, void> {
    const places = [...this.#named.keys()]
      .map((name) => ({ name, at: line.indexOf(`"${name}"`) }))
      .filter(({ at }) => at !== -1)
      .toSorted((one, other) => one.at - other.at)
    let start = 0
    for (const { name, at } of places) {
      const value = this.#named.get(name)
      this.#named.delete(name)
      yield* textPieces(line.slice(start, at))
      yield* jsonPieces(value)
      start = at + name.length + 2
    }
    yield* textPieces(line.slice(start))
  }
}

/** Resolves when a stream takes more, or never will. */
async function drained(stream: Writable): Promise<void> {
  if (stream.destroyed || !stream.writableNeedDrain) return
  await new Promise<void>((resolve) => {
    const go = (): void => {
      stream.off('drain', go).off('close', go)
      resolve()
    }
    stream.on('drain', go).on('close', go)
  })
}
