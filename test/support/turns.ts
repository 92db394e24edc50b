import { Writable } from 'node:stream'

import { type Logger, pino } from 'pino'

/** The fields of a turn's log line that tests use. */
export type LoggedTurn = {
  model: string
  lane: string
  outcome: string
  reason?: string
  id: string
  upstreamId?: string
  status: number
}

/** A logger that keeps the lines about turns, in the order of their ends. */
export function recordTurns(): { logger: Logger; turns: LoggedTurn[]; text: () => string } {
  const turns: LoggedTurn[] = []
  let text = ''
  const lines = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      for (const line of chunk.toString().trim().split('\n')) {
        const entry = JSON.parse(line) as LoggedTurn & { msg: string }
        if (entry.msg === 'turn') turns.push(entry)
      }
      done()
    },
  })
  return { logger: pino({ level: 'trace' }, lines), turns, text: () => text }
}
