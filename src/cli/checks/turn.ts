import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { OWN_COMMAND } from '../own-command.ts'

/** Checks whether a real request is answered; undefined if this was not requested. */
export function checkTurn({ turn }: Pick<Facts, 'turn'>): Finding | undefined {
  const name = 'turn'
  if (turn === undefined) return undefined
  switch (turn.kind) {
    case 'answered':
      return {
        name,
        level: 'ok',
        text: `${turn.model} answered over HTTP after ${turn.milliseconds} ms, including the start of a server`,
      }
    case 'failed':
      return {
        name,
        level: 'error',
        text: `a request failed${turn.status === undefined ? '' : ` (${turn.status})`}: ${turn.message}`,
        fix: fixFor(turn),
      }
    default:
      throw new TypeError(`unknown state: ${JSON.stringify(turn satisfies never)}`)
  }
}

/** Parts of the API's 400 about third-party apps: see docs/questions.md. */
const EXTRA_USAGE = /third-party apps|extra usage/i

function fixFor({ status, message }: { status?: number | undefined; message: string }): string {
  if (status === 400 && EXTRA_USAGE.test(message)) {
    return 'The API treats the client as a third-party app. Allow extra usage in the settings of your claude.ai account (it is billed separately), or set ANTHROPIC_API_KEY. See docs/questions.md.'
  }
  switch (status) {
    case 401:
    case 403:
      return `The API refuses the login, or it has expired. Run ${OWN_COMMAND} login, or replace the key or token.`
    case 404:
      return `Does the login have this model? ${OWN_COMMAND} models lists them; --model-default names another.`
    case 429:
      return 'The plan or the key has reached a limit. Wait, or look at the usage page of your account.'
    case undefined:
      return 'Fix the faults above first; they are the likely cause.'
    default:
      return 'Try again in a moment. https://status.anthropic.com shows outages.'
  }
}
