import { expect } from 'vitest'

import type { ProxyOptions } from '../../../src/proxy.ts'
import { message } from '../../support/answers.ts'
import { textMessage } from '../../support/messages.ts'
import { processesWithEnvironment } from '../../support/processes.ts'
import { makeSwitchableRuntime, type SwitchableRuntime } from '../../support/switchable-runtime.ts'
import type { MessageRequest } from '../../support/standin.ts'
import { type WatchedTimers, watchTimers } from '../../support/timers.ts'
import { until } from '../../support/until.ts'
import { assistant, type Bench, openBench, textOf, user } from '../lifecycle/bench.ts'

/** The client's result in a few words, and the milliseconds from the fault to its end. */
export type Told = {
  what: string
  milliseconds: number
  /** The number of requests upstream. */
  requests: number
}

/**
 * A proxy on which faults are tried one after another, beside a conversation that must continue.
 */
export type Scene = {
  bench: Bench
  timers: WatchedTimers
  runtime: SwitchableRuntime
  /** Requests a stream and reads it to its end. */
  ask: (body: string | Record<string, unknown>) => Asked
  /** Begins the conversation beside. */
  begin: () => Promise<void>
  /** The runtime's processes. */
  processes: () => number[]
  /** Takes the next turn of the conversation beside; fails if there is no answer. */
  goOnBeside: () => Promise<void>
  /** A new conversation is served. */
  expectServes: () => Promise<void>
  /** The processes that the proxy does not know of: 'nothing', or their commands. */
  leftovers: () => Promise<string>
  close: () => Promise<void>
}

export type Asked = {
  /** Resolves when the status line has arrived. */
  begun: Promise<Response>
  /** @param since `performance.now()` at the time of the fault */
  told: (since: number) => Promise<Told>
}

export const GREETING = 'Hello from the stand-in.'

const BESIDE = 'Beside it'

/** Opens a scene whose proxy starts its processes from an executable that can be made to fail. */
export async function openScene(
  options: ProxyOptions,
  variables: (folder: string) => Record<string, string> = () => ({}),
): Promise<Scene> {
  let runtime: SwitchableRuntime | undefined
  const timers = watchTimers()
  const bench = await openBench((sandbox) => {
    runtime = makeSwitchableRuntime(sandbox.folder)
    const env = { ...sandbox.env, ...variables(sandbox.folder) }
    return { claudePath: runtime.path, env, ...options }
  })
  if (runtime === undefined) throw new Error('There is no executable.')
  const beside: object[] = []
  const { sandbox, standin } = bench

  const scene: Scene = {
    bench,
    timers,
    runtime,
    ask(body) {
      const before = standin.messages.length
      const begun = bench.stream(body)
      return {
        begun,
        told: async (since) => {
          const what = await toldBy(await begun)
          const milliseconds = performance.now() - since
          const requests = standin.messages.slice(before).filter((asked) => !isBeside(asked)).length
          return { what, milliseconds, requests }
        },
      }
    },
    begin: () => scene.goOnBeside(),
    processes: () => bench.runtimes(),
    async goOnBeside() {
      beside.push(user(`${BESIDE} ${beside.length}`))
      const reply = await bench.ask({ messages: beside })
      expect(reply).toMatchObject({ status: 200, body: { stop_reason: 'end_turn' } })
      beside.push(assistant(reply.body.content))
    },
    async expectServes() {
      expect(textOf(await bench.ask('Hello again'))).toBe(GREETING)
    },
    async leftovers() {
      const states = ['starting', 'opening', 'asking', 'idle', 'held']
      try {
        await until(async () => {
          const counts = await Promise.all(states.map((state) => bench.processes(state)))
          const known = counts.reduce((sum, count) => sum + count, 0)
          return processesWithEnvironment(sandbox.folder).length <= known
        })
        return 'nothing'
      } catch {
        return processesWithEnvironment(sandbox.folder)
          .map(({ command }) => command.slice(0, 80))
          .join('\n')
      }
    },
    async close() {
      await bench.remove()
      timers.restore()
    },
  }
  standin.answer = greet
  return scene
}

/** Answers the conversation beside as usual, and all others with the given answer. */
export function answerOthers({ bench: { standin } }: Scene, answer: typeof standin.answer): void {
  standin.answer = (request, index) => (isBeside(request) ? greet() : answer(request, index))
}

function isBeside({ body }: MessageRequest): boolean {
  return JSON.stringify(body.messages).includes(BESIDE)
}

export function answerAll({ bench: { standin } }: Scene): void {
  standin.answer = greet
}

function greet() {
  return message(textMessage(GREETING))
}

async function toldBy(response: Response): Promise<string> {
  const text = await response.text()
  if (response.status !== 200) {
    const { error } = JSON.parse(text) as { error: { type: string } }
    return `${response.status} \`${error.type}\``
  }
  const [, failure] = /^event: error\ndata: (.*)$/m.exec(text) ?? []
  if (failure !== undefined) {
    const { error } = JSON.parse(failure) as { error: { type: string } }
    return `its beginning, then an \`error\` event: \`${error.type}\``
  }
  return text.includes('message_stop') ? 'the whole reply' : `half a reply: ${text.slice(-200)}`
}
