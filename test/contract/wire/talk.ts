import { expect } from 'vitest'

import { laneOf } from '../../support/carrier.ts'
import { wireDifferences } from '../../support/wire.ts'
import { type Bench, type Exchange, expectAsSent, nextTurn } from './bench.ts'

/**
 * Sends one more turn of a conversation, which must arrive unchanged.
 *
 * @param content the content of the user message
 * @param fields of the request, for this turn alone
 */
export type Talk = (content: unknown, fields?: object) => Promise<Exchange>

/**
 * A conversation that continues from test to test, because the start of the runtime is the most
 * expensive part of a case. The first turn has a new process, later ones a live one. After a failed
 * turn a new conversation begins, so that it does not affect the next test.
 *
 * @param fixed the fields of all its requests: the model, and the others that identify a
 * conversation
 */
export function startTalk(bench: () => Bench, fixed: object): Talk {
  let last: Exchange | undefined
  return async (content, fields = {}) => {
    const before = last
    last = undefined
    const first = { ...fixed, ...fields, messages: [{ role: 'user', content }] }
    const next = before && nextTurn(before, content).body['messages']
    const exchange = await bench().send({ body: next ? { ...first, messages: next } : first })
    expectAsSent(exchange)
    expect.soft(exchange.lane).toBe(laneOf(before ? 'continue' : 'open'))
    const isAsSent = wireDifferences(exchange.request, exchange.upstream).length === 0
    if (isAsSent) last = exchange
    return exchange
  }
}
