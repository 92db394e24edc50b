import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { OWN_COMMAND } from '../own-command.ts'

/** Whether a real request is answered; undefined where that was not asked for. */
export function checkTurn({ turn }: Pick<Facts, 'turn'>): Finding | undefined {
  const name = 'turn'
  if (turn === undefined) return undefined
  switch (turn.kind) {
    case 'answered':
      return {
        name,
        level: 'ok',
        text: `${turn.model} answered over HTTP after ${turn.milliseconds} ms, the start of a server included`,
      }
    case 'failed':
      return {
        name,
        level: 'error',
        text: `a request failed${turn.status === undefined ? '' : ` (${turn.status})`}: ${turn.message}`,
        fix: fixFor(turn.status),
      }
    default:
      throw new TypeError(`unknown state: ${JSON.stringify(turn satisfies never)}`)
  }
}

function fixFor(status: number | undefined): string {
  switch (status) {
    case 401:
    case 403:
      return 'The login is refused, or has expired: log in again, or replace the key or token.'
    case 404:
      return `Does the login have this model? ${OWN_COMMAND} models lists them; --model-default names another.`
    case 429:
      return "The plan or the key has reached a limit: wait, or look at the plan's page."
    case undefined:
      return 'What is wrong above is likely the cause.'
    default:
      return 'Try again in a moment; https://status.anthropic.com tells of disturbances.'
  }
}
