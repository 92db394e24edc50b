import type { Log } from './log-tail.ts'
import type { TurnRecord } from './turn-record.ts'

/** The message of the line about a turn. */
export const TURN = 'turn'

/** The line about a turn. The ids join it with the client's reply and with the API's records. */
export type TurnLine = Omit<TurnRecord, 'at' | 'tokens'> & {
  inputTokens: number
  outputTokens: number
  cachedTokens: number
  cacheWrittenTokens: number
}

export function logTurn(log: Log, turn: TurnRecord): void {
  // The logger adds the time.
  const { at: _, tokens, ...facts } = turn
  const line: TurnLine = {
    ...facts,
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    cachedTokens: tokens.cacheRead,
    cacheWrittenTokens: tokens.cacheCreation,
  }
  if (line.status === 200 || CLIENTS_OWN.has(line.status)) log.info(line, TURN)
  else log.warn(line, TURN)
}

/** A fault of the client, or its leaving, needs no warning. */
const CLIENTS_OWN = new Set([400, 404, 413, 499])

/** The same line as text for people. */
export function renderTurn(line: TurnLine): string {
  const { id, upstreamId, model, lane, status, outcome, reason, firstEventMs, totalMs } = line
  const parts = [
    `${lane} ${model} ${status}`,
    outcome === 'whole' ? undefined : [outcome, reason].filter(Boolean).join(': '),
    firstEventMs === undefined ? undefined : `first event ${seconds(firstEventMs)}`,
    `${seconds(totalMs)} total`,
    `tokens ${line.inputTokens} in, ${line.outputTokens} out, ${line.cachedTokens} cached`,
    upstreamId === undefined ? id : `${id} → ${upstreamId}`,
  ]
  return parts.filter((part) => part !== undefined).join(' · ')
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)}s`
}

/** The fields of the line. On a terminal, the renderer puts them into the text instead. */
export const TURN_FIELDS = [
  'id',
  'upstreamId',
  'messageId',
  'lane',
  'worker',
  'key',
  'model',
  'answeredBy',
  'outcome',
  'status',
  'errorType',
  'reason',
  'stopReason',
  'firstEventMs',
  'totalMs',
  'inputTokens',
  'outputTokens',
  'cachedTokens',
  'cacheWrittenTokens',
] as const satisfies readonly (keyof TurnLine)[]
