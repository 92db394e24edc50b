import { type Exchange, exchange, factsOf } from '../bench/client.ts'
import { MODEL, SYSTEM, unique, user } from '../bench/workloads.ts'

/** How a request ended. A request without any of these ends is lost. */
export type Outcome = 'whole' | 'error' | 'error event' | 'left' | 'lost'

export type Ended = {
  work: string
  outcome: Outcome
  /** The error's status and type, or the fault in the answer. */
  detail: string
  milliseconds: number
}

type Message = { role: 'user' | 'assistant'; content: unknown }

const FAULTS = ['429', '500', '529', 'page', 'hangup', 'stall', 'cut', 'silence']

const TOOL = { name: 'get_weather', description: 'Weather.', input_schema: { type: 'object' } }

/** A request that has not ended after so many milliseconds counts as lost. */
const PATIENCE = 120_000

/**
 * A user who works with the proxy, in all ways at random, until asked to stop.
 *
 * @param random a number from 0 to 1
 */
export async function use(
  url: string,
  random: () => number,
  signal: AbortSignal,
  onEnd: (ended: Ended) => void,
): Promise<void> {
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T
  const works = [converse, converse, callTools, bringHistory, leave, meetFault]
  while (!signal.aborted) await pick(works)()

  async function send(work: string, body: object, expected: string, after?: number) {
    const startedAt = performance.now()
    const leaving = new AbortController()
    const timer = setTimeout(() => leaving.abort(), after ?? PATIENCE)
    const ended = await exchange(url, { model: MODEL, ...body }, leaving.signal).then(
      (reply) => judged(reply, expected),
      (error: unknown) => ({
        outcome:
          leaving.signal.aborted && after !== undefined ? ('left' as const) : ('lost' as const),
        detail: leaving.signal.aborted ? 'no end' : String(error),
        reply: undefined,
      }),
    )
    clearTimeout(timer)
    const { outcome, detail, reply } = ended
    const milliseconds = performance.now() - startedAt
    onEnd({ work, outcome, detail: outcome === 'left' ? '' : detail, milliseconds })
    return outcome === 'whole' && reply ? factsOf(reply.text) : undefined
  }

  async function converse(): Promise<void> {
    const messages: Message[] = []
    for (let turn = 0; turn < 4; turn += 1) {
      const id = `id=${unique()}`
      messages.push(user(`And now? ${id} deltas=${pick([1, 20, 300])}`))
      const work = turn === 0 ? 'new conversation' : 'next turn'
      const message = await send(work, { system: SYSTEM, messages }, id)
      if (message === undefined) return
      messages.push({ role: 'assistant', content: message.text })
    }
  }

  async function callTools(): Promise<void> {
    const messages: Message[] = [user(`The weather, please. ${unique()}`)]
    for (let step = 0; step < 4; step += 1) {
      const body = { system: SYSTEM, tools: [TOOL], messages }
      const message = await send('tool step', body, 'get_weather')
      if (message?.call === undefined) return
      const call = { type: 'tool_use', ...message.call, input: { city: 'Paris' } }
      const result = { type: 'tool_result', tool_use_id: message.call.id, content: 'Sunny.' }
      messages.push({ role: 'assistant', content: [call] }, user([result]))
    }
  }

  async function bringHistory(): Promise<void> {
    const past = Array.from({ length: 20 }, (_, index): Message => ({
      role: index % 2 === 0 ? 'user' : 'assistant',
      content: `Message ${index} of ${unique()}.`,
    }))
    const id = `id=${unique()}`
    await send('history', { system: SYSTEM, messages: [...past, user(`And now? ${id}`)] }, id)
  }

  /** The client leaves before the reply begins, or in the middle of it. */
  async function leave(): Promise<void> {
    const id = `id=${unique()}`
    const messages = [user(`Tell me. ${id} deltas=200 every=10`)]
    await send('client that leaves', { messages }, id, 20 + random() * 2500)
  }

  async function meetFault(): Promise<void> {
    const fault = pick(FAULTS)
    await send(
      `API: ${fault}`,
      { messages: [user(`Hello ${unique()} fault=${fault}`)] },
      'no reply',
    )
  }
}

/**
 * A reply must be complete and belong to the request; an error must have the API's shape. Any other
 * answer counts as lost.
 */
function judged(
  reply: Exchange,
  expected: string,
): { outcome: Outcome; detail: string; reply?: Exchange } {
  const { status, text } = reply
  try {
    if (status !== 200) return { outcome: 'error', detail: `${status} ${errorTypeIn(text)}` }
    const [, failure] = /^event: error\ndata: (.*)$/m.exec(text) ?? []
    if (failure !== undefined) return { outcome: 'error event', detail: errorTypeIn(failure) }
    const isWhole = text.includes('event: message_stop') && new RegExp(`${expected}\\b`).test(text)
    return isWhole
      ? { outcome: 'whole', detail: '', reply }
      : { outcome: 'lost', detail: `not its reply: ${text.slice(0, 200)}` }
  } catch {
    return { outcome: 'lost', detail: `no error of the API's shape: ${text.slice(0, 200)}` }
  }
}

function errorTypeIn(body: string): string {
  const { type, error } = JSON.parse(body) as { type: string; error: { type: string } }
  if (type !== 'error') throw new Error('It has another shape.')
  return error.type
}
