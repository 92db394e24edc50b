import { ask } from './client.ts'

/** Something that is measured, once in each round. */
export type Work = {
  name: string
  /** The name of the work that it is compared with; without one the cold start. */
  against?: string
  /** Several at once for a while: their requests a second are what is compared, not their times. */
  isThroughput?: boolean
  /** Takes seconds: done in every third round. */
  isRare?: boolean
  run: () => Promise<Run>
}

export type Run = {
  /** Milliseconds: to the first delta, unless the work says otherwise. */
  times: number[]
  /** All requests that were sent, those included that are not timed. */
  requests: number
}

type Message = { role: 'user' | 'assistant'; content: unknown }

/** Asks once; resolves with the milliseconds to the first delta. */
export type Single = () => Promise<number>

export const MODEL = 'claude-sonnet-4-6'
export const SYSTEM = `You are a helpful assistant. ${'Answer as briefly as the question allows. '.repeat(20)}`

const TOOLS = ['get_weather', 'get_time', 'search'].map((name) => ({
  name,
  description: `Use ${name} whenever the user asks for it.`,
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}))

const MARK = { cache_control: { type: 'ephemeral' } }

let count = 0

/** A number that no prompt had before. */
export function unique(): number {
  count += 1
  return count
}

export function user(content: unknown): Message {
  return { role: 'user', content }
}

/** One user message, nothing before it. */
export function singleShot(url: string, system: () => string): Single {
  return async () => {
    const body = { model: MODEL, system: system(), messages: [user(`Hello ${unique()}`)] }
    return (await ask(url, body)).firstDelta
  }
}

/** Clients that each ask so many times, the next as soon as the one before has its reply. */
export function clients(name: string, clientCount: number, times: number, single: Single): Work {
  const client = async (): Promise<number[]> => {
    const timings: number[] = []
    for (let index = 0; index < times; index += 1) timings.push(await single())
    return timings
  }
  return {
    name,
    isThroughput: clientCount > 1,
    run: async () => ({
      times: (await Promise.all(Array.from({ length: clientCount }, client))).flat(),
      requests: clientCount * times,
    }),
  }
}

/** Several at the same moment: the time to the last first delta. */
export function burst(name: string, size: number, single: Single): Work {
  return {
    name,
    isRare: true,
    run: async () => {
      const all = await Promise.all(Array.from({ length: size }, single))
      return { times: [Math.max(...all)], requests: size }
    },
  }
}

/** The next turns of one conversation that grows from round to round. */
export function nextTurn(url: string, times: number): Work {
  const conversation = new Conversation(url)
  return {
    name: 'next turn',
    run: async () => {
      // Whether the conversation still has its process by now is not what is measured here.
      await conversation.say(`And ${unique()}?`)
      const timings: number[] = []
      for (let index = 0; index < times; index += 1) {
        timings.push(await conversation.say(`And ${unique()}?`))
      }
      return { times: timings, requests: times + 1 }
    },
  }
}

/** The last turn of a conversation that is still at hand, with other words each time. */
export function editOfLastTurn(url: string, times: number): Work {
  const turnsBefore = 3
  return {
    name: 'edit of the last turn',
    run: async () => {
      const conversation = new Conversation(url)
      for (let turn = 0; turn <= turnsBefore; turn += 1) {
        await conversation.say(`Tell me about ${unique()}.`)
      }
      const timings: number[] = []
      for (let index = 0; index < times; index += 1) {
        conversation.takeBack()
        timings.push(await conversation.say(`I meant ${unique()}.`))
      }
      return { times: timings, requests: turnsBefore + 1 + times }
    },
  }
}

class Conversation {
  readonly #url: string
  readonly #messages: Message[] = []

  constructor(url: string) {
    this.#url = url
  }

  async say(prompt: string): Promise<number> {
    this.#messages.push(user(prompt))
    const body = { model: MODEL, system: SYSTEM, messages: this.#messages }
    const { firstDelta, message } = await ask(this.#url, body)
    this.#messages.push({ role: 'assistant', content: message.text })
    return firstDelta
  }

  /** Takes the last turn and its reply out. */
  takeBack(): void {
    this.#messages.splice(-2)
  }
}

/** Steps of an agent: each request brings the result of the call before. The first is not timed. */
export function toolSteps(url: string, steps: number): Work {
  return {
    name: 'tool step',
    run: () =>
      runAgent(url, steps, (messages) => ({
        model: MODEL,
        system: SYSTEM,
        tools: TOOLS,
        messages,
      })),
  }
}

/**
 * The same as agents of today send it: the cache breakpoints move along with each step, to the last
 * call and its result.
 */
export function markedAgent(url: string, steps: number): Work {
  return {
    name: `agent of ${steps} steps, moving cache marks`,
    run: () =>
      runAgent(url, steps, (messages) => ({
        model: MODEL,
        system: [{ type: 'text', text: SYSTEM, ...MARK }],
        tools: TOOLS,
        messages: messages.map((message, index) =>
          index < messages.length - 2 ? message : withMark(message),
        ),
      })),
  }
}

async function runAgent(
  url: string,
  steps: number,
  bodyOf: (messages: readonly Message[]) => object,
): Promise<Run> {
  const messages: Message[] = [user([{ type: 'text', text: `The weather, please. ${unique()}` }])]
  const times: number[] = []
  for (let step = 0; step <= steps; step += 1) {
    const { firstDelta, message } = await ask(url, bodyOf(messages))
    if (step > 0) times.push(firstDelta)
    messages.push(...toolExchange(message.call?.id))
  }
  return { times, requests: steps + 1 }
}

function toolExchange(id: string | undefined): Message[] {
  const call = { type: 'tool_use', id, name: 'get_weather', input: { city: 'Paris' } }
  const result = { type: 'tool_result', tool_use_id: id, content: 'Sunny.' }
  return [{ role: 'assistant', content: [call] }, user([result])]
}

function withMark({ role, content }: Message): Message {
  const blocks = content as object[]
  return { role, content: [...blocks.slice(0, -1), { ...blocks.at(-1), ...MARK }] }
}

/** A conversation that the proxy has not seen before, with this many messages of text. */
export function unseenText(url: string, length: number): Work {
  return {
    name: `history of ${length}, text`,
    run: async () => {
      const id = unique()
      const past = Array.from({ length }, (_, index): Message => ({
        role: index % 2 === 0 ? 'user' : 'assistant',
        content: `Message ${index} of ${id}. ${'Some words that were said. '.repeat(10)}`,
      }))
      const messages = [...past, user('And now?')]
      const { firstDelta } = await ask(url, { model: MODEL, system: SYSTEM, messages })
      return { times: [firstDelta], requests: 1 }
    },
  }
}

/** The same of an agent: after the first message all are calls and their results. */
export function unseenResults(url: string, length: number): Work {
  return {
    name: `history of ${length}, tool results`,
    run: async () => {
      const id = unique()
      const exchanges = Array.from({ length: length / 2 }, (_, index) =>
        toolExchange(`toolu_${id}_${index}`),
      )
      const messages = [user(`The weather, please. ${id}`), ...exchanges.flat()]
      const body = { model: MODEL, system: SYSTEM, tools: TOOLS, messages }
      return { times: [(await ask(url, body)).firstDelta], requests: 1 }
    },
  }
}

/** Milliseconds from the first delta to the end of the second reply of many in a conversation. */
export function relay(url: string, name: string, deltas: number): Work {
  const next = async (messages: Message[]): Promise<number> => {
    messages.push(user(`${unique()} deltas=${deltas}`))
    const { firstDelta, end, message } = await ask(url, { model: MODEL, system: SYSTEM, messages })
    messages.push({ role: 'assistant', content: message.text })
    return end - firstDelta
  }
  return {
    name,
    run: async () => {
      const messages: Message[] = []
      // The runtime is twice as fast with its second long reply as with its first.
      await next(messages)
      return { times: [await next(messages)], requests: 2 }
    },
  }
}
