import { afterAll, beforeAll, expect, test } from 'vitest'
import { events, raw } from '../../support/answers.ts'
import { asking, type Bench, startBench } from '../../support/compare-bench.ts'
import { eventsOf } from '../../support/events.ts'
import { textMessage } from '../../support/messages.ts'
import { signedEvents } from '../../support/signing.ts'
import { paceOf, promptFor, REPLIES } from './replies.ts'

/** An event as the API and the stand-in write it: its name, its JSON, a blank line. */
function written(event: { type: string }, json = JSON.stringify(event)): string {
  return `event: ${event.type}\ndata: ${json}\n\n`
}

const PING = /event: ping\ndata: \{"type": "ping"\}\n\n/g

let bench: Bench
let url: string

beforeAll(async () => {
  bench = await startBench({ host: '127.0.0.1' })
  url = (await bench.proxy.listen()).url
})

afterAll(() => bench.close())

// Framing, the order of keys, numbers and characters.
test.each(REPLIES)('$title: the bytes on the wire are those of the API', async (reply) => {
  const { title, request, events: sent, chunking } = reply
  bench.standin.reset()
  bench.standin.reply(events(sent, { ...paceOf(reply), chunking }))
  const bytes = await stream(promptFor(title), request)
  const signed = signedEvents(sent, bench.standin.messages[0]) as typeof sent
  expect(bytes.replaceAll(PING, '')).toBe(signed.map((event) => written(event)).join(''))
})

// A limit: the runtime parses each event and the SDK serializes it again, so equal JSON arrives in
// its shortest form.
test('spaces, escapes and numbers have the notation of JSON.stringify', async () => {
  const [start, begin, delta, ...others] = eventsOf(textMessage('x'))
  if (!start || !begin || !delta) throw new Error('A reply has three events at least.')
  const told =
    '{"type": "content_block_delta", "index": 0, "delta": {"type":"text_delta","text":"caf\\u00e9 \\ud83d\\ude80 \\/ \\u2028","a":1.0,"b":1e3,"c":-0.50,"d":1E-7}}'
  const body = [start, begin].map((event) => written(event)).join('') + written(delta, told)
  const end = others.map((event) => written(event)).join('')
  bench.standin.reply(raw(200, { 'content-type': 'text/event-stream' }, body + end))
  const bytes = await stream('[notation]', {})
  expect(bytes).toContain(
    'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"café 🚀 / \u2028","a":1,"b":1000,"c":-0.5,"d":1e-7}}\n\n',
  )
})

async function stream(prompt: string, fields: Record<string, unknown>): Promise<string> {
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(asking(prompt, { ...fields, stream: true })),
  })
  return response.text()
}
