import { expect } from 'vitest'

import { laneOf } from '../../support/carrier.ts'
import { wireDifferences } from '../../support/wire.ts'
import { type Bench, type Exchange, expectAsSent, nextTurn } from './bench.ts'

/**
 * Asks one more turn of a conversation, which must arrive as it was sent.
 *
 * @param content what the user says in it
 * @param fields of the request, for this turn alone
 */
export type Talk = (content: unknown, fields?: object) => Promise<Exchange>

/**
 * A conversation that goes on from test to test: a start of the runtime is what costs most of a
 * case, and next to nothing hangs on it. The first turn has a new process, those after it a live
 * one. After a turn that went wrong a new conversation begins, so that the next test has nothing
 * of it.
 *
 * @param fixed the fields that all its requests have: the model, and what else names a conversation
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
