import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { anyJson, anyText, fieldsOf } from '../../test/support/arbitraries.ts'
import { encodeEvent, sseStream } from './sse.ts'

const eventType = fc.stringMatching(/^[\w.-]+$/)

const event = fc.tuple(fieldsOf(anyJson), eventType).map(([fields, type]) => ({ ...fields, type }))

/**
 * Reads server-sent events by the standard's rules.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
function readEvents(text: string): { type: string; data: string }[] {
  const events: { type: string; data: string }[] = []
  let type = ''
  let data: string[] = []
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line === '') {
      if (data.length > 0) events.push({ type, data: data.join('\n') })
      type = ''
      data = []
      continue
    }
    const [field, value] = /^([^:]*):? ?([^]*)$/.exec(line)?.slice(1) ?? []
    if (field === 'event') type = value ?? ''
    if (field === 'data') data.push(value ?? '')
  }
  return events
}

test('any event is read back as one equal event', () => {
  fc.assert(
    fc.property(event, (sent) => {
      const read = readEvents(encodeEvent(sent))
      expect(read).toEqual([{ type: sent.type, data: JSON.stringify(sent) }])
    }),
  )
})

test('an invalid type is not written', () => {
  const noName = anyText.filter((type) => !/^[\w.-]+$/.test(type))
  fc.assert(
    fc.property(fieldsOf(anyJson), noName, (fields, type) => {
      expect(() => encodeEvent({ ...fields, type })).toThrow('Not a valid event name')
    }),
  )
})

test('a stream is read as its events, and no others', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 5 }), async (sent) => {
      const source = (async function* () {
        for (const each of sent) yield await Promise.resolve(each)
      })()
      const text = await new Response(sseStream(source, { pingInterval: 0 })).text()
      expect(readEvents(text).map(({ data }) => data)).toEqual(
        sent.map((each) => JSON.stringify(each)),
      )
    }),
  )
})
