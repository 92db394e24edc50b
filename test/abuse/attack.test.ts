import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { events, hang, message } from '../support/answers.ts'
import { endCommands, type RunningCommand, runtimesIn, startServer } from '../support/command.ts'
import { eventsOf } from '../support/events.ts'
import { makeGate } from '../support/gate.ts'
import { textMessage, thinkingMessage } from '../support/messages.ts'
import { leftIn, makeSandbox, type Sandbox } from '../support/sandbox.ts'
import { type Standin, startStandin } from '../support/standin.ts'
import { attack, post, statusOf } from './socket.ts'

/**
 * Attacks by malicious or broken clients on a server as users start it: after each attack the next
 * client is served, and at the end nothing is left.
 */

const [ANNA, BERT] = ['made-up-key-of-anna', 'made-up-key-of-bert'] as const

let standin: Standin
let sandbox: Sandbox
let command: RunningCommand
let port: number
let keyFile: string

beforeAll(async () => {
  standin = await startStandin()
  sandbox = makeSandbox(standin.url)
  keyFile = join(sandbox.folder, 'keys')
  writeFileSync(keyFile, `${ANNA}\n${BERT}\n`)
  const server = await startServer({
    args: [
      '--port',
      '0',
      '--host',
      '127.0.0.1',
      '--keys',
      keyFile,
      '--max-processes',
      '2',
      '--first-event-timeout',
      '5s',
    ],
    env: sandbox.env,
    cwd: sandbox.workFolder,
  })
  command = server.command
  port = Number(new URL(server.url).port)
})

beforeEach(() => standin.reset())

afterAll(async () => {
  await endCommands(sandbox)
  await standin.close()
  sandbox.remove()
})

function headersOf(key: string): string[] {
  return [`x-api-key: ${key}`]
}

async function answerTo(bytes: Uint8Array): Promise<string> {
  return (await attack(port, bytes)).ended
}

function hello(text = 'Hello'): string {
  const messages = [{ role: 'user', content: text }]
  return JSON.stringify({ model: 'claude-sonnet-4-6', max_tokens: 50, messages })
}

/** Others are served: a whole turn, and at once a request that needs no process. */
async function expectService(): Promise<void> {
  const health = await fetch(`http://127.0.0.1:${port}/health`)
  expect(health.status).toBe(200)
  await health.text()
  expect(statusOf(await answerTo(post('/v1/messages', hello(), headersOf(ANNA))))).toBe(200)
}

/** The body of a chat, requested with a key. */
async function chat(key: string, messages: readonly object[]): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: 'claude-sonnet-4-6', messages }),
  })
  return response.text()
}

describe('one client gets nothing of another', () => {
  test('hidden thoughts are not restored for equal messages with another key or system prompt', async () => {
    const secret = 'The thought of Anna alone.'
    const said = 'The same words.'
    const opening = { role: 'user', content: 'Hi' }
    const ofAnna = { role: 'system', content: 'You are for Anna.' }
    standin.reply(message(thinkingMessage(secret, said)))
    await chat(ANNA, [ofAnna, opening])
    const next = [opening, { role: 'assistant', content: said }, { role: 'user', content: 'Go on' }]
    for (const system of [ofAnna, { role: 'system', content: 'You are for Bert.' }]) {
      standin.reset()
      expect(await chat(BERT, [system, ...next])).not.toContain(secret)
      expect(JSON.stringify(standin.messages.map(({ body }) => body))).not.toContain(secret)
    }
  })
})

describe('announced bytes that never come', () => {
  test('do not take the room of others', async () => {
    const announced = [
      'POST /v1/messages HTTP/1.1',
      'Host: localhost',
      'content-length: 33554432',
      ...headersOf(ANNA),
    ]
    const attackers = await Promise.all(
      Array.from({ length: 12 }, () => attack(port, `${announced.join('\r\n')}\r\n\r\n{`)),
    )
    await expectService()
    for (const { socket } of attackers) socket.destroy()
  })
})

describe('bodies with a content-encoding', () => {
  const ENCODERS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }

  test.each(Object.entries(ENCODERS))('%s is read', async (encoding, encode) => {
    const headers = [`content-encoding: ${encoding}`, ...headersOf(ANNA)]
    expect(statusOf(await answerTo(post('/v1/messages', encode(hello()), headers)))).toBe(200)
  })

  test.each(Object.entries(ENCODERS))(
    '%s that grows too large is a 413',
    async (encoding, encode) => {
      const headers = [`content-encoding: ${encoding}`, ...headersOf(ANNA)]
      const bomb = encode(Buffer.alloc(64 * 1024 * 1024, ' '))
      expect(statusOf(await answerTo(post('/v1/messages', bomb, headers)))).toBe(413)
      await expectService()
    },
  )

  test('an unknown encoding is a 415', async () => {
    const headers = ['content-encoding: made-up', ...headersOf(ANNA)]
    expect(statusOf(await answerTo(post('/v1/messages', hello(), headers)))).toBe(415)
  })
})

describe('paths and protocols', () => {
  test.each([
    '/v1/messages/',
    '//v1/messages',
    '/v1/v1/messages',
    '/messages',
    '/anthropic/v1/messages',
  ])('a message request to %s is answered', async (path) => {
    expect(statusOf(await answerTo(post(path, hello(), headersOf(ANNA))))).toBe(200)
  })

  test('another path is a 404 that names the right one', async () => {
    const answer = await answerTo(post('/v2/messages', hello(), headersOf(ANNA)))
    expect(statusOf(answer)).toBe(404)
    expect(answer).toContain('base URL')
  })

  test('HTTP/1.0 without a Host is served', async () => {
    const { ended } = await attack(port, 'GET /health HTTP/1.0\r\n\r\n')
    expect(statusOf(await ended)).toBe(200)
  })

  test('a transfer-encoding besides chunked is a 501', async () => {
    const { ended } = await attack(
      port,
      'POST /v1/messages HTTP/1.1\r\nHost: localhost\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    )
    expect(statusOf(await ended)).toBe(501)
  })
})

test('pings from upstream alone do not begin a reply', async () => {
  standin.reply(events([{ type: 'ping' }, hang()]))
  const stream = JSON.stringify({ ...(JSON.parse(hello()) as object), stream: true })
  const answer = await answerTo(post('/v1/messages', stream, headersOf(ANNA)))
  expect(statusOf(answer)).toBe(504)
  await expectService()
})

/** Clients that send a request and close their connections at once. */
async function leave(count: number): Promise<void> {
  const attackers = await Promise.all(Array.from({ length: count }, () => attack(port)))
  for (const { socket } of attackers)
    socket.end(post('/v1/messages', hello('Left'), headersOf(BERT)))
  await Promise.all(attackers.map(({ ended }) => ended))
}

describe('clients that leave at once', () => {
  test('cause no request upstream if they were waiting in line', async () => {
    const gate = makeGate()
    const [start, ...others] = eventsOf(textMessage('Now.'))
    if (start === undefined) throw new Error('A message without events.')
    standin.answer = () => events([start, gate.pass, ...others])
    const busy = [1, 2].map(() => answerTo(post('/v1/messages', hello(), headersOf(ANNA))))
    await standin.waitFor(2)
    await leave(50)
    gate.open()
    expect((await Promise.all(busy)).map(statusOf)).toEqual([200, 200])
    await expectService()
    expect(JSON.stringify(standin.messages.map(({ body }) => body))).not.toContain('Left')
  })

  test('end no process, and do not delay the next client', async () => {
    await leave(200)
    await expectService()
    expect(runtimesIn(sandbox.folder).length).toBeLessThanOrEqual(2)
  })
})

describe('JSON that takes long to read is refused', () => {
  const keys = Array.from({ length: 1_000_000 }, (_, index) => `"${index}":0`).join(',')
  test.each([
    ['lists in lists', '['.repeat(16_000_000)],
    ['objects in objects', '{"a":'.repeat(6_000_000)],
    ['a million keys', `{${keys}}`],
    ['values without end', `[${'0,'.repeat(15_000_000)}0]`],
  ])('%s', async (_name, body) => {
    const refused = await Promise.all(
      Array.from({ length: 2 }, () => answerTo(post('/v1/messages', body, headersOf(ANNA)))),
    )
    expect(refused.map(statusOf)).toEqual([400, 400])
    await expectService()
  })
})

test('a client that asks for a stream’s head, or reads nothing of it, holds nothing', async () => {
  for (const method of ['HEAD', 'GET']) {
    const request = [`${method} /v1/usage/stream HTTP/1.1`, 'Host: localhost', ...headersOf(ANNA)]
    const { socket } = await attack(port, `${request.join('\r\n')}\r\n\r\n`)
    await expectService()
    socket.destroy()
  }
})

test('a key file that becomes a pipe without a writer changes nothing: the last keys stay valid', async () => {
  rmSync(keyFile)
  execFileSync('mkfifo', [keyFile])
  const said = async (): Promise<string> => {
    await expectService()
    return command.stdout + command.stderr
  }
  await expect.poll(said).toContain('the last keys stay valid')
  await expectService()
})

test('after all attacks the server stops at once, and leaves neither a process nor a file', async () => {
  command.signal('SIGTERM')
  expect(await command.ended).toMatchObject({ code: 0, signal: null })
  expect(runtimesIn(sandbox.folder)).toEqual([])
  expect(leftIn(join(sandbox.folder, 'tmp'))).toEqual([])
})
