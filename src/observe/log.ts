import { type DestinationStream, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

export type { Logger } from 'pino'

/** A log for the server: JSON lines, or lines for people where `isTerminal`. Never a conversation. */
export function createLogger(level: string, isTerminal: boolean): Logger {
  const options = { level: level.toLowerCase(), base: null }
  if (!isTerminal) return pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime })
  const lines: DestinationStream = pretty({
    colorize: true,
    sync: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
  })
  return pino(options, lines)
}

/** The log of an embedded proxy whose user passed none. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' })
}
