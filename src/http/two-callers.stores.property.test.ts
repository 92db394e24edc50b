import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'

import { ringOf } from '../../test/support/key-rings.ts'
import { keptOptions } from '../../test/support/kept.ts'
import { REPLY, source } from '../../test/support/source.ts'
import type { ReplyEvent } from '../api/types.ts'
import { memoryShelf } from '../responses/memory-shelf.ts'
import { createApp } from './app.ts'
import { type Listener, listen } from './listen.ts'

/*
 * Two callers use everything that outlives a request: stored and background responses,
 * conversations, WebSockets, files and batches. Each request of a caller names it, and each reply
 * names the callers in its request. So no request upstream may name two callers, and no answer may
 * name the other one. Each caller also tries the ids of the other.
 */

type Caller = { name: string; key: string; ids: Record<Kind, string[]>; socket?: WebSocket }

const KINDS = ['response', 'conversation', 'file', 'batch'] as const
type Kind = (typeof KINDS)[number]

function caller(name: string): Caller {
  return {
    name,
    key: `made-up-${name}`,
    ids: { response: [], conversation: [], file: [], batch: [] },
  }
}

/** Requests upstream that named two callers. */
const mixed: string[] = []
let kept: ReturnType<typeof keptOptions>
let listener: Listener

beforeAll(async () => {
  kept = keptOptions((request) => {
    const text = JSON.stringify(request)
    const names = [...new Set(text.match(/CALLER-\d+-[AB]/g))]
    if (names.length > 1) mixed.push(text)
    return Promise.resolve(source(replyThatNames(names.join(' and '))).events)
  })
})

afterAll(async () => {
  listener?.cut()
  await kept.close()
})

function replyThatNames(name: string): ReplyEvent[] {
  return REPLY.map((event) =>
    event.type === 'content_block_delta'
      ? { ...event, delta: { type: 'text_delta', text: `Hello, ${name}.` } }
      : event,
  )
}

type Ask = (method: string, path: string, body?: object | FormData) => Promise<Answer>
type Answer = { status: number; text: string; id: string }

function askAs({ key }: Caller): Ask {
  return async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${listener.port}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}` },
      ...(body && { body: body instanceof FormData ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, text, id: /"id":\s*"([^"]+)"/.exec(text)?.[1] ?? '' }
  }
}

/** The requests about an object by its id: method, path after the id, body. */
const ABOUT: Record<Kind, (name: string, id: string) => [string, string, object?][]> = {
  response: (name, id) => [
    ['GET', `/v1/responses/${id}`],
    ['GET', `/v1/responses/${id}?stream=true`],
    ['GET', `/v1/responses/${id}/input_items`],
    ['POST', `/v1/responses/${id}/cancel`],
    ['POST', '/v1/responses', { input: `On, says ${name}.`, previous_response_id: id }],
    ['DELETE', `/v1/responses/${id}`],
  ],
  conversation: (name, id) => [
    ['GET', `/v1/conversations/${id}`],
    ['GET', `/v1/conversations/${id}/items`],
    ['POST', `/v1/conversations/${id}`, { metadata: { of: name } }],
    ['POST', `/v1/conversations/${id}/items`, { items: [{ role: 'user', content: name }] }],
    ['POST', '/v1/responses', { input: `On, says ${name}.`, conversation: id }],
    ['DELETE', `/v1/conversations/${id}`],
  ],
  file: (name, id) => [
    ['GET', `/v1/files/${id}`],
    ['GET', `/v1/files/${id}/content`],
    ['POST', '/v1/messages', withFile(name, id)],
    ['DELETE', `/v1/files/${id}`],
  ],
  batch: (_name, id) => [
    ['GET', `/v1/messages/batches/${id}`],
    ['GET', `/v1/messages/batches/${id}/results`],
    ['POST', `/v1/messages/batches/${id}/pause`],
    ['POST', `/v1/messages/batches/${id}/resume`],
    ['POST', `/v1/messages/batches/${id}/cancel`],
    ['DELETE', `/v1/messages/batches/${id}`],
  ],
}

function withFile(name: string, id: string): object {
  const document = { type: 'document', source: { type: 'file', file_id: id } }
  const content = [document, { type: 'text', text: name }]
  return { model: 'made-up', max_tokens: 9, messages: [{ role: 'user', content }] }
}

async function make(kind: Kind, { name, ids }: Caller, ask: Ask): Promise<Answer> {
  const made = await makeOne(kind, name, ask)
  if (made.status === 200) ids[kind].push(made.id)
  return made
}

function makeOne(kind: Kind, name: string, ask: Ask): Promise<Answer> {
  const messages = [{ role: 'user', content: `A batch of ${name}.` }]
  switch (kind) {
    case 'response':
      return ask('POST', '/v1/responses', { input: `I am ${name}.`, background: true })
    case 'conversation':
      return ask('POST', '/v1/conversations', { items: [{ role: 'user', content: name }] })
    case 'file': {
      const form = new FormData()
      form.set('purpose', 'user_data')
      form.set('file', new Blob([`A file of ${name}.`], { type: 'text/plain' }), 'notes.txt')
      return ask('POST', '/v1/files', form)
    }
    case 'batch':
      return ask('POST', '/v1/messages/batches', {
        requests: [{ custom_id: 'one', params: { model: 'made-up', max_tokens: 9, messages } }],
      })
    default:
      throw new Error(`There is no ${String(kind satisfies never)}.`)
  }
}

/** The requests that list objects, or that have a dialect of their own. */
const PLAIN: ((name: string) => [string, string, object?])[] = [
  () => ['GET', '/v1/files'],
  () => ['GET', '/v1/messages/batches'],
  () => ['GET', '/v1/batches'],
  (name) => ['POST', '/api/chat', { model: 'm', messages: [{ role: 'user', content: name }] }],
  (name) => ['POST', '/api/generate', { model: 'm', stream: false, prompt: `Hello from ${name}` }],
  (name) => ['POST', '/v1/completions', { model: 'm', prompt: `Hello from ${name}` }],
]

/** Continues from a response over the caller's one WebSocket. */
async function overSocket(of: Caller, previous: string | undefined): Promise<string> {
  of.socket ??= await opened(of.key)
  const { socket } = of
  const told: string[] = []
  const ended = new Promise<void>((resolve) => {
    const hear = (data: Buffer): void => {
      const text = data.toString('utf8')
      told.push(text)
      if (!/"type":"(?:response\.completed|response\.failed|error)"/.test(text)) return
      socket.off('message', hear)
      resolve()
    }
    socket.on('message', hear)
  })
  const input = `Over a socket, says ${of.name}.`
  socket.send(
    JSON.stringify({
      type: 'response.create',
      input,
      ...(previous !== undefined && { previous_response_id: previous }),
    }),
  )
  await ended
  return told.join('\n')
}

async function opened(key: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${listener.port}/v1/responses`, {
    headers: { authorization: `Bearer ${key}` },
  })
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return socket
}

const action = fc.record({
  isFirst: fc.boolean(),
  isStolen: fc.boolean(),
  kind: fc.constantFrom(...KINDS),
  what: fc.constantFrom('make', 'about', 'about', 'about', 'plain', 'socket'),
  choice: fc.nat(100),
})

let runs = 0

test('no stored object brings data of one caller to another', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 40 }), async (actions) => {
      runs += 1
      const [first, second] = [caller(`CALLER-${runs}-A`), caller(`CALLER-${runs}-B`)]
      const app = createApp({
        ...kept.options,
        keyRing: ringOf(first.key, second.key),
        responseShelf: runs % 2 === 0 ? memoryShelf() : kept.shelf,
      })
      listener = await listen((request) => app.fetch(request), {
        port: 0,
        host: '127.0.0.1',
        onError: (error) => {
          throw error
        },
      })
      for (const one of [first, second]) {
        for (const kind of KINDS) expect((await make(kind, one, askAs(one))).status).toBe(200)
      }
      for (const { isFirst, isStolen, kind, what, choice } of actions) {
        const [me, other] = isFirst ? [first, second] : [second, first]
        const ids = (isStolen ? other : me).ids[kind]
        const id = ids[choice % Math.max(1, ids.length)] ?? 'none'
        const ask = askAs(me)
        let text: string
        if (what === 'socket') {
          text = await overSocket(me, isStolen ? other.ids.response[0] : undefined)
          if (isStolen && other.ids.response.length > 0) expect(text).toContain('"error"')
        } else if (what === 'make') text = (await make(kind, me, ask)).text
        else if (what === 'plain') {
          const [method, path, body] = PLAIN[choice % PLAIN.length]?.(me.name) ?? ['GET', '/health']
          text = (await ask(method, path, body)).text
        } else {
          const possible = ABOUT[kind](me.name, id)
          const [method, path, body] = possible[choice % possible.length] ?? ['GET', '/health']
          const answer = await ask(method, path, body)
          text = answer.text
          // An id that is not the caller's goes to the API unchanged, which has files of its own.
          const isPassedOn = kind === 'file' && path === '/v1/messages'
          if (isStolen && id !== 'none' && !isPassedOn) expect([400, 404]).toContain(answer.status)
        }
        expect(text).not.toContain(other.name)
      }
      for (const { socket } of [first, second]) socket?.terminate()
      await listener.close()
      expect(mixed).toEqual([])
    }),
    { numRuns: 12 },
  )
})
