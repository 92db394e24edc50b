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
        fix: fixFor(turn),
      }
    default:
      throw new TypeError(`unknown state: ${JSON.stringify(turn satisfies never)}`)
  }
}

/** How the API's 400 about a subscription begins or goes on: see docs/questions.md. */
const EXTRA_USAGE = /third-party apps|extra usage/i

function fixFor({ status, message }: { status?: number | undefined; message: string }): string {
  if (status === 400 && EXTRA_USAGE.test(message)) {
    return 'The API treats the client as a third-party app. Allow extra usage in the settings of your claude.ai account (billed apart from the plan), or set ANTHROPIC_API_KEY; docs/questions.md says more.'
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
      return 'The faults above are the likely cause.'
    default:
      return 'Try again in a moment. https://status.anthropic.com shows outages.'
  }
}
