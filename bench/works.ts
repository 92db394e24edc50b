import { ask } from './client.ts'

/** Something that is measured, once in each round. */
export type Work = {
  name: string
  /** The name of the work that it is compared with. */
  against?: string
  /** Requests in a run, for the CPU time of each. */
  requests?: number
  /** Milliseconds to the first delta; several where the work has several requests. */
  run: () => Promise<number[]>
}

type Message = { role: 'user' | 'assistant'; content: unknown }

export const MODEL = 'claude-sonnet-4-6'
export const SYSTEM = `You are a helpful assistant. ${'Answer as briefly as the question allows. '.repeat(20)}`

const TOOLS = ['get_weather', 'get_time', 'search'].map((name) => ({
  name,
  description: `Use ${name} whenever the user asks for it.`,
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}))

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
export function newConversation(url: string, name: string, system: () => string): Work {
  return {
    name,
    run: async () => {
      const body = { model: MODEL, system: system(), messages: [user(`Hello ${unique()}`)] }
      return [(await ask(url, body)).firstDelta]
    },
  }
}

/** Several new conversations, each as soon as the one before has its reply. */
export function backToBack(url: string, times: number): Work {
  return {
    name: `new conversation, ${times} back to back`,
    run: async () => {
      const single = newConversation(url, '', () => SYSTEM)
      const timings: number[] = []
      for (let index = 0; index < times; index += 1) timings.push(...(await single.run()))
      return timings
    },
  }
}

/** The next turns of one conversation that grows from round to round. */
export function nextTurn(url: string, times: number): Work {
  const messages: Message[] = []
  const next = async (): Promise<number> => {
    messages.push(user(`And ${unique()}?`))
    const { firstDelta, message } = await ask(url, { model: MODEL, system: SYSTEM, messages })
    messages.push({ role: 'assistant', content: message.text })
    return firstDelta
  }
  return {
    name: 'next turn of a conversation',
    run: async () => {
      // Whether the conversation still has its process by now is not what is measured here.
      await next()
      const timings: number[] = []
      for (let index = 0; index < times; index += 1) timings.push(await next())
      return timings
    },
  }
}

/** Steps of an agent: each request brings the result of the call before. The first is not counted. */
export function toolSteps(url: string, times: number): Work {
  return {
    name: 'tool step',
    run: async () => {
      const messages: Message[] = [user(`The weather, please. ${unique()}`)]
      const timings: number[] = []
      for (let index = 0; index <= times; index += 1) {
        const body = { model: MODEL, system: SYSTEM, tools: TOOLS, messages }
        const { firstDelta, message } = await ask(url, body)
        if (index > 0) timings.push(firstDelta)
        const call = { type: 'tool_use', ...message.call, input: { city: 'Paris' } }
        const result = { type: 'tool_result', tool_use_id: message.call?.id, content: 'Sunny.' }
        messages.push({ role: 'assistant', content: [call] }, user([result]))
      }
      return timings
    },
  }
}

/** A conversation that the proxy has not seen before, with this many messages of the past. */
export function unseenHistory(url: string, length: number): Work {
  return {
    name: `history of ${length}, never seen`,
    run: async () => {
      const id = unique()
      const past = Array.from({ length }, (_, index): Message => ({
        role: index % 2 === 0 ? 'user' : 'assistant',
        content: `Message ${index} of ${id}. ${'Some words that were said. '.repeat(10)}`,
      }))
      const messages = [...past, user('And now?')]
      return [(await ask(url, { model: MODEL, system: SYSTEM, messages })).firstDelta]
    },
  }
}

/** Several at once: the time to the last first delta. */
export function atOnce(name: string, times: number, one: () => Promise<number[]>): Work {
  return {
    name,
    run: async () => {
      const all = await Promise.all(Array.from({ length: times }, one))
      return [Math.max(...all.flat())]
    },
  }
}

/** Milliseconds from the first delta to the end of the second reply of many in a conversation. */
export function relay(url: string, name: string, deltas: number): Work {
  const messages: Message[] = []
  const next = async (prompt: string): Promise<number> => {
    messages.push(user(prompt))
    const { firstDelta, end, message } = await ask(url, { model: MODEL, system: SYSTEM, messages })
    messages.push({ role: 'assistant', content: message.text })
    return end - firstDelta
  }
  return {
    name,
    run: async () => {
      // The runtime is twice as fast with its second long reply as with its first.
      messages.length = 0
      await next(`${unique()} deltas=${deltas}`)
      return [await next(`${unique()} deltas=${deltas}`)]
    },
  }
}
