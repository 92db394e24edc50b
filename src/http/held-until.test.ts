import { expect, test } from 'vitest'

import { REPLY, source } from '../../test/support/source.ts'
import { Deferred } from '../deferred.ts'
import { sseStream } from '../stream/sse.ts'
import { heldUntil } from './held-until.ts'

test('the last event waits for the step, and earlier events do not', async () => {
  const kept = new Deferred<void>()
  const begun = new Deferred<void>()
  const events = heldUntil(source(REPLY).events, () => {
    begun.resolve()
    return kept.promise
  })
  const reader = sseStream(events, { pingInterval: 0 }).pipeThrough(new TextDecoderStream())
  let text = ''
  const read = (async () => {
    for await (const chunk of reader) text += chunk
  })()
  await begun.promise
  await new Promise((resolve) => setImmediate(resolve))
  expect(text).toContain('message_delta')
  expect(text).not.toContain('message_stop')
  kept.resolve()
  await read
  expect(text.match(/^event: message_stop$/gm)).toHaveLength(1)
})

test('a step that fails ends the events with its error', async () => {
  const events = heldUntil(source(REPLY).events, () => Promise.reject(new Error('away')))
  const types: string[] = []
  const read = async () => {
    for await (const { type } of events) types.push(type)
  }
  await expect(read()).rejects.toThrow('away')
  expect(types).toHaveLength(REPLY.length - 1)
})
