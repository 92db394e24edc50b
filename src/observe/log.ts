import { Writable } from 'node:stream'

import { type DestinationStream, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

import { ConfigError } from '../config/config-error.ts'
import { LogOutput } from './log-output.ts'
import { renderTurn, TURN, TURN_FIELDS, type TurnLine } from './turn-log.ts'

export type { Logger } from 'pino'

/** A log for the server: JSON lines, or lines for people if `isTerminal`. Never a conversation. */
export function createLogger(
  level: string,
  isTerminal: boolean,
  destination: DestinationStream = standardOutput(),
): Logger {
  const options = { level: level.toLowerCase(), base: null }
  if (!isTerminal) {
    return pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  }
  const lines: DestinationStream = pretty({
    colorize: true,
    sync: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: ['pid', 'hostname', ...TURN_FIELDS].join(','),
    messageFormat: (line, key) => {
      const isTurn = line[key] === TURN
      return isTurn ? renderTurn(line as unknown as TurnLine) : String(line[key])
    },
    destination: writableOf(destination),
  })
  return pino(options, lines)
}

let output: LogOutput | undefined

/** Not pino's own: at the first error of a write, such as a full disk, that one stops the whole program. */
function standardOutput(): LogOutput {
  if (output === undefined) {
    const opened = new LogOutput(process.stdout.fd)
    process.once('exit', () => opened.flush())
    output = opened
  }
  return output
}

function writableOf(destination: DestinationStream): Writable {
  return new Writable({
    write(lines: Buffer | string, _encoding, done) {
      destination.write(String(lines))
      done()
    },
  })
}

const LEVELS_USED = ['debug', 'info', 'warn', 'error'] as const

/** @throws ConfigError if it is no logger: a JavaScript program may pass anything */
export function checkLogger(logger: Logger): void {
  const missing = LEVELS_USED.filter((level) => typeof logger?.[level] !== 'function')
  if (missing.length === 0) return
  throw new ConfigError(
    `logger is not allowed: use a pino logger (this one has no ${missing.map((level) => `${level}()`).join(', ')})`,
  )
}

/** The logger of an embedded proxy, if its program passes none. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' })
}
