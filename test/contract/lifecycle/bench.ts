import type { Message } from '@anthropic-ai/sdk/resources/messages'

import { createProxy, type Proxy, type ProxyOptions } from '../../../src/proxy.ts'
import { RUNTIME_REMINDERS } from '../../support/carrier.ts'
import { runtimeProcessesWithEnvironment, waitUntilGone } from '../../support/processes.ts'
import { makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'
import { recordTurns } from '../../support/turns.ts'

export type Reply = { status: number; headers: Headers; body: Message & Failure }

type Failure = { error?: { type: string; message: string } }

/** A proxy of its own, in a sandbox of its own, before a stand-in of its own. */
export type Bench = {
  standin: Standin
  sandbox: Sandbox
  proxy: Proxy
  log: ReturnType<typeof recordTurns>
  /** Sends a request, and waits for the whole reply. */
  ask: (body: string | Record<string, unknown>, init?: RequestInit) => Promise<Reply>
  /** Requests a stream. */
  stream: (body: string | Record<string, unknown>, init?: RequestInit) => Promise<Response>
  /** The number of workers in a state, from the metrics. */
  processes: (state: string) => Promise<number>
  /** The number of turns in line. */
  inLine: () => Promise<number>
  /** The pids of the runtime's processes in the sandbox. */
  runtimes: () => number[]
  /** Ends everything; when it resolves, no process is left. */
  remove: () => Promise<void>
}

export async function openBench(
  options: ProxyOptions | ((sandbox: Sandbox) => ProxyOptions) = {},
): Promise<Bench> {
  const standin = await startStandin()
  const sandbox = makeSandbox(standin.url)
  const log = recordTurns()
  const proxy = await createProxy({
    env: sandbox.env,
    host: '127.0.0.1',
    port: 0,
    runtimeReminders: RUNTIME_REMINDERS,
    logger: log.logger,
    ...(typeof options === 'function' ? options(sandbox) : options),
  })
  const post = (body: object, init: RequestInit = {}): Promise<Response> =>
    proxy.fetch('http://localhost/v1/messages', {
      method: 'POST',
      body: JSON.stringify(body),
      ...init,
    })
  const runtimes = (): number[] =>
    runtimeProcessesWithEnvironment(sandbox.folder).map(({ pid }) => pid)
  const metric = async (name: string): Promise<number> => {
    const response = await proxy.fetch('http://localhost/metrics')
    const text = await response.text()
    return Number(new RegExp(`${name} (\\d+)`).exec(text)?.[1] ?? 0)
  }
  return {
    standin,
    sandbox,
    proxy,
    log,
    runtimes,
    processes: (state) => metric(`_processes\\{state="${state}"\\}`),
    inLine: () => metric('_queue_depth'),
    ask: async (body, init) => {
      const response = await post(requestOf(body), init)
      return {
        status: response.status,
        headers: response.headers,
        body: (await response.json()) as Reply['body'],
      }
    },
    stream: (body, init) => post({ ...requestOf(body), stream: true }, init),
    remove: async () => {
      await proxy.close()
      await waitUntilGone(runtimes())
      await standin.close()
      sandbox.remove()
    },
  }
}

function requestOf(body: string | Record<string, unknown>): Record<string, unknown> {
  return {
    model: 'claude-sonnet-4-6',
    max_tokens: 100,
    ...(typeof body === 'string' ? { messages: [user(body)] } : body),
  }
}

export function user(content: unknown): object {
  return { role: 'user', content }
}

export function assistant(content: unknown): object {
  return { role: 'assistant', content }
}

/** Lets everything settle that needs no process. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** A tool of the client. */
export const LOOK = {
  name: 'look',
  description: 'Looks around.',
  input_schema: { type: 'object', properties: {} },
}

/** The text of a reply's first block. */
export function textOf({ body }: Reply): unknown {
  const [block] = body.content ?? []
  return block?.type === 'text' ? block.text : body
}
