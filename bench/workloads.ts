import { ask } from './client.ts'

/** A workload that is measured once in each round. */
export type Workload = {
  name: string
  /** The name of the workload that it is compared with; by default the cold start. */
  against?: string
  /**
   * Whether several clients ask at once; then requests per second are compared instead of times.
   */
  isThroughput?: boolean
  /** Whether it takes seconds; then it runs only in every third round. */
  isRare?: boolean
  run: () => Promise<Run>
}

export type Run = {
  /** Milliseconds until the first delta, unless the workload says otherwise. */
  times: number[]
  /** All requests, including untimed ones. */
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

/** A number that is unique among prompts. */
export function unique(): number {
  count += 1
  return count
}

export function user(content: unknown): Message {
  return { role: 'user', content }
}

/** A single user message. */
export function singleShot(url: string, system: () => string): Single {
  return async () => {
    const body = { model: MODEL, system: system(), messages: [user(`Hello ${unique()}`)] }
    return (await ask(url, body)).firstDelta
  }
}

/** Several clients that each ask so many times, one request after another. */
export function clients(
  name: string,
  clientCount: number,
  times: number,
  single: Single,
): Workload {
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

/** Several requests at the same moment: the time until the last of their first deltas. */
export function burst(name: string, size: number, single: Single): Workload {
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
export function nextTurn(url: string, times: number): Workload {
  const conversation = new Conversation(url)
  return {
    name: 'next turn',
    run: async () => {
      // This workload does not measure whether the conversation still has its process.
      await conversation.say(`And ${unique()}?`)
      const timings: number[] = []
      for (let index = 0; index < times; index += 1) {
        timings.push(await conversation.say(`And ${unique()}?`))
      }
      return { times: timings, requests: times + 1 }
    },
  }
}

/** Edits the last turn of a conversation that a process still holds. */
export function editOfLastTurn(url: string, times: number): Workload {
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

  /** Removes the last turn and its reply. */
  takeBack(): void {
    this.#messages.splice(-2)
  }
}

/**
 * Steps of an agent: each request brings the result of the previous call. The first one is not
 * timed.
 */
export function toolSteps(url: string, steps: number): Workload {
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
 * The same with cache breakpoints that move with each step to the last call and its result, like in
 * today's agents.
 */
export function markedAgent(url: string, steps: number): Workload {
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

/** A conversation that is new to the proxy, with this many text messages. */
export function unseenText(url: string, length: number): Workload {
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

/** The same for an agent: all messages after the first are calls and results. */
export function unseenResults(url: string, length: number): Workload {
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
export function relay(url: string, name: string, deltas: number): Workload {
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
