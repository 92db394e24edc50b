import { createProxy, type Proxy, type ProxyOptions } from '../../src/proxy.ts'
import { type EnvironmentOverrides, makeSandbox } from './sandbox.ts'
import { type Standin, startStandin } from './standin.ts'

/** A proxy with the real runtime, and the stand-in API that the runtime asks. */
export type Bench = {
  standin: Standin
  proxy: Proxy
  /**
   * Sends a body to `POST /v1/messages`, without a socket. Text is sent unchanged, other values as
   * JSON.
   */
  post: (body: unknown, options?: PostOptions) => Promise<Response>
  /**
   * Gives the runtime time for requests of its own: another conversation is served from beginning
   * to end. Resolves with the number of requests upstream before that one.
   */
  countAfterNextTurn: () => Promise<number>
  /** The number of requests upstream that contain this text. */
  countOf: (text: string) => number
  /** Ends the proxy and the stand-in, and deletes their files. */
  close: () => Promise<void>
}

type PostOptions = { headers?: Record<string, string>; signal?: AbortSignal }

export type BenchOptions = Omit<ProxyOptions, 'env'> & { login?: EnvironmentOverrides }

/** Starts a bench; by default with an API key, and one process. Nothing listens. */
export async function startBench({ login, ...settings }: BenchOptions = {}): Promise<Bench> {
  const standin = await startStandin()
  const sandbox = makeSandbox(standin.url, login)
  const proxy = await createProxy({ env: sandbox.env, port: 0, maxProcesses: 1, ...settings })

  const post: Bench['post'] = (body, { headers, ...options } = {}) =>
    proxy.fetch('http://localhost/v1/messages', {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...options,
      headers: { 'content-type': 'application/json', ...headers },
    })

  const countOf = (text: string): number =>
    standin.messages.filter(({ body }) => JSON.stringify(body).includes(text)).length

  return {
    standin,
    proxy,
    post,
    countOf,
    async countAfterNextTurn() {
      const response = await post(asking(NEXT_PROMPT))
      await response.text()
      return standin.messages.length - countOf(NEXT_PROMPT)
    },
    async close() {
      await proxy.close()
      await standin.close()
      sandbox.remove()
    },
  }
}

const NEXT_PROMPT = 'The question after that one.'

/** A small request with one user turn. */
export function asking(prompt: string, fields: Record<string, unknown> = {}) {
  return {
    model: 'claude-sonnet-4-6',
    max_tokens: 1000,
    messages: [{ role: 'user' as const, content: prompt }],
    ...fields,
  }
}
