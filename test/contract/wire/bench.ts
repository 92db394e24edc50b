import { pino } from 'pino'
import { expect } from 'vitest'

import { createProxy, type Proxy, type ProxyOptions } from '../../../src/proxy.ts'
import { CARRIER, RUNTIME_REMINDERS } from '../../support/carrier.ts'
import { type EnvironmentOverrides, makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import {
  type MessageRequest,
  type RecordedRequest,
  type Standin,
  startStandin,
} from '../../support/standin.ts'
import { type ClientRequest, wireDifferences } from '../../support/wire.ts'

/** One request, the request upstream, and the answer. */
export type Exchange = {
  request: ClientRequest
  upstream: MessageRequest
  reply: { content: unknown }
  /** How the proxy served it. */
  lane: string
}

/** A proxy with the real runtime, which calls a stand-in. Each test file has its own. */
export type Bench = {
  proxy: Proxy
  standin: Standin
  sandbox: Sandbox
  /** Sends a request and waits for its reply. Fails unless exactly one request went upstream. */
  send: (request: ClientRequest) => Promise<Exchange>
  /** Sends requests at the same time. Their prompts must be strings, and differ. */
  sendTogether: (requests: readonly ClientRequest[]) => Promise<Exchange[]>
  /** Sends a request that must not go upstream. */
  sendRefused: (request: ClientRequest) => Promise<Refusal>
  close: () => Promise<void>
}

export type Refusal = { status: number; error: { type: string; message: string } }

/**
 * @param variables of the environment, in addition to those of the sandbox
 * @param options of the proxy; by default it has one process
 */
export async function startBench(
  variables: EnvironmentOverrides = {},
  options: Pick<ProxyOptions, 'maxProcesses'> = {},
): Promise<Bench> {
  const standin = await startStandin()
  const sandbox = makeSandbox(standin.url, variables)
  const lanes = new Map<string, string>()
  const logger = pino(
    { level: 'info' },
    {
      write(line: string) {
        const { id, lane } = JSON.parse(line) as { id?: string; lane?: string }
        if (id !== undefined && lane !== undefined) lanes.set(id, lane)
      },
    },
  )
  const proxy = await createProxy({
    env: sandbox.env,
    workFolder: sandbox.workFolder,
    port: 0,
    maxProcesses: 1,
    ...options,
    runtimeReminders: RUNTIME_REMINDERS,
    logger,
  })
  let seen = 0

  /** The requests upstream since the last call. */
  function arrived(): readonly RecordedRequest[] {
    const news = standin.requests.slice(seen)
    seen = standin.requests.length
    return news
  }

  function post({ body, betas, headers }: ClientRequest): Promise<Response> {
    return proxy.fetch('http://localhost/v1/messages', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(betas && { 'anthropic-beta': betas.join(',') }),
        ...headers,
      },
      body: JSON.stringify(body),
    })
  }

  async function sendTogether(requests: readonly ClientRequest[]): Promise<Exchange[]> {
    expect(arrived().map(lineOf), 'asked upstream after the reply').toEqual([])
    const replies = await Promise.all(
      requests.map(async (request) => {
        const response = await post(request)
        const text = await response.text()
        expect(response.status, text).toBe(200)
        return { text, lane: lanes.get(response.headers.get('request-id') ?? '') ?? 'none' }
      }),
    )
    const asked = arrived()
    expect(asked.map(lineOf), 'asked upstream').toEqual(requests.map(() => ASKED))
    return requests.map((request, index) => ({
      request,
      upstream: (asked.length === 1 ? asked[0] : asked.find(asks(request))) as MessageRequest,
      reply: JSON.parse(replies[index]?.text ?? '') as Exchange['reply'],
      lane: replies[index]?.lane ?? 'none',
    }))
  }

  return {
    proxy,
    standin,
    sandbox,
    sendTogether,
    async send(request) {
      const [exchange] = await sendTogether([request])
      return exchange as Exchange
    },
    async sendRefused(request) {
      arrived()
      const response = await post(request)
      const { error } = (await response.json()) as Pick<Refusal, 'error'>
      expect(arrived().map(lineOf), 'asked upstream').toEqual([])
      return { status: response.status, error }
    },
    async close() {
      await proxy.close()
      await standin.close()
      sandbox.remove()
    },
  }
}

const ASKED = 'POST /v1/messages?beta=true'

function lineOf({ method, url }: RecordedRequest): string {
  return `${method} ${url}`
}

function asks({ body }: ClientRequest): (upstream: RecordedRequest) => boolean {
  const prompt = JSON.stringify(messagesOf(body).at(-1)?.content)
  return (upstream) => JSON.stringify(upstream.body).includes(prompt)
}

/** Fails with the paths where the request upstream differs from the client's request. */
export function expectAsSent({ request, upstream, lane }: Exchange): void {
  expect.soft(wireDifferences(request, upstream), `the wire by ${lane}`).toEqual([])
}

/** The client's next request after a reply: the same, with two more messages. */
export function nextTurn(
  { request, reply }: Pick<Exchange, 'request' | 'reply'>,
  prompt: unknown,
): ClientRequest {
  const messages = [
    ...messagesOf(request.body),
    { role: 'assistant', content: reply.content },
    { role: 'user', content: prompt },
  ]
  return { ...request, body: { ...request.body, messages } }
}

/**
 * Sends a request as a new conversation, and its prompt again as the next turn, which a live
 * process serves. Both must arrive unchanged. A conversation that is sent as a whole takes the same
 * lane with each turn, so it is sent once.
 *
 * @returns the last
 */
export async function expectAsSentInEachLane(
  bench: Bench,
  request: ClientRequest,
): Promise<Exchange> {
  const first = await bench.send(request)
  expectAsSent(first)
  if (CARRIER === 'whole') return first
  const prompt = repeatable(messagesOf(request.body).at(-1)?.content)
  const second = await bench.send(nextTurn(first, prompt))
  expectAsSent(second)
  expect.soft(second.lane).toBe('continue')
  return second
}

/** A prompt that may be sent again: results belong to the calls before them. */
function repeatable(content: unknown): unknown {
  if (!Array.isArray(content)) return content
  const blocks = (content as { type: string }[]).filter(({ type }) => type !== 'tool_result')
  return blocks.length === 0 ? 'And now?' : blocks
}

function messagesOf(body: ClientRequest['body']): { role: string; content: unknown }[] {
  return body['messages'] as { role: string; content: unknown }[]
}
