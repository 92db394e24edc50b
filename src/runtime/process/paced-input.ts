import { randomUUID } from 'node:crypto'
import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'

import { isSmall, jsonPieces } from '../../json-pieces.ts'
import { PIECE_LENGTH, textPieces } from '../../text-pieces.ts'

/** Milliseconds of work after which other requests get a turn. */
const BUDGET = 10

/**
 * Writes the stdin of a process in pieces. Other requests are served between two pieces, and no piece
 * is made before the process has read the earlier ones.
 *
 * The Agent SDK turns each line into one string. To keep a conversation of many megabytes out of that
 * string, the SDK gets a name in its place (`nameOf`), and this stream replaces the name by the value.
 */
export class PacedInput extends Writable {
  readonly #target: Writable
  readonly #named = new Map<string, unknown>()
  readonly #pause: () => Promise<unknown>
  readonly #now: () => number

  /**
   * @param target the stdin of the process; it is ended with this stream, and its error ends this one
   * @param pause lets other work run
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
   * Returns a small value itself. A large one is kept until its line is written, and a name that
   * nobody can guess stands for it until then.
   */
  nameOf<Value>(value: Value): Value | string {
    if (isSmall(value)) return value
    const name = `large-${randomUUID()}`
    this.#named.set(name, value)
    return name
  }

  override _write(chunk: string, _encoding: string, done: (error?: Error | null) => void): void {
    // Nearly all lines are short: they are written at once.
    const isShort = chunk.length <= PIECE_LENGTH && this.#named.size === 0
    if (isShort && this.#target.write(chunk)) done()
    else void this.#writeOn(isShort ? '' : chunk, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#target.end()
    done()
  }

  /** Waits until the process takes more, then writes the rest of a line. */
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

/** Resolves when a stream takes more, or is closed. */
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
