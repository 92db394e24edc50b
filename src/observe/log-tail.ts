import { Broadcast } from './broadcast.ts'
import type { Logger } from './log.ts'
import { plainLine } from './plain-line.ts'
import { renderTurn, TURN, type TurnLine } from './turn-log.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

export type Level = (typeof LEVELS)[number]

/** The log as the parts of a proxy write it: the facts, then the message. */
export type Log = Readonly<Record<Level, (fields: object, message: string) => void>>

/** A line of the log, as text. */
export type LogLine = {
  /** ISO 8601. */
  at: string
  level: Level
  text: string
}

/** New lines for a reader, the oldest first. The first event has all lines that are kept. */
export type LogEvent = { type: 'log'; lines: LogLine[] }

/** Number of lines that are kept. */
const KEPT_LINES = 200

/** The last lines of the log, for the page. They stay in memory. */
export class LogTail {
  readonly #lines: LogLine[] = []
  /** Number of lines so far. */
  #count = 0
  readonly #broadcast = new Broadcast(() => Promise.resolve())

  add(line: LogLine): void {
    this.#lines.push(line)
    if (this.#lines.length > KEPT_LINES) this.#lines.shift()
    this.#count += 1
    this.#broadcast.changed()
  }

  /**
   * The kept lines, then the new ones.
   *
   * @param check called before each event; an error ends the iteration
   */
  watch(check: () => Promise<void>): AsyncIterableIterator<LogEvent, void> {
    let seen = 0
    return this.#broadcast.watch(async () => {
      await check()
      const count = this.#count
      const lines = seen === count ? [] : this.#lines.slice(seen - count)
      seen = count
      return { type: 'log', lines }
    })
  }

  /** Ends the stream of every reader. */
  close(): void {
    this.#broadcast.close()
  }
}

/**
 * A log that also keeps its lines in a tail. Lines of the level debug are kept only if the logger
 * writes them.
 *
 * @param now milliseconds since the epoch
 */
export function logWithTail(logger: Logger, tail: LogTail, now: () => number): Log {
  const isDebug = logger.isLevelEnabled?.('debug') ?? false
  const writer =
    (level: Level) =>
    (fields: object, message: string): void => {
      logger[level](fields, message)
      if (level === 'debug' && !isDebug) return
      tail.add({ at: new Date(now()).toISOString(), level, text: textOf(fields, message) })
    }
  return {
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
  }
}

/** A line for people: the message, then its facts. */
function textOf(fields: object, message: string): string {
  if (message === TURN) return plainLine(renderTurn(fields as TurnLine))
  const facts = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [name === 'err' ? reasonOf(value) : `${name}: ${shown(value)}`],
  )
  return plainLine([message, ...facts].join(' · '))
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Without the stack, which is in the log itself. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
