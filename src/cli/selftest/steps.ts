import { ASK_FOR_ERROR, ASK_FOR_TOOL, echoOf, type SelftestStandin } from './standin.ts'

export type Scene = {
  /** The address of the proxy. */
  url: string
  standin: SelftestStandin
  signal: AbortSignal
}

export type Step = {
  /** The statement that the step checks. */
  name: string
  /** @throws Error with the actual result if it differs */
  run: (scene: Scene) => Promise<void>
}

const MODEL = 'claude-sonnet-4-6'

/** The steps in order: the last one counts the turns of the others. */
export const STEPS: readonly Step[] = [
  {
    name: 'a whole message comes back unchanged',
    async run(scene) {
      const before = scene.standin.asked.length
      const { status, body } = await ask(scene, [{ role: 'user', content: 'Hello.' }])
      expectEqual('status', status, 200)
      expectEqual('text', textOf(body), echoOf('Hello.'))
      expectEqual('requests to the API', scene.standin.asked.length - before, 1)
    },
  },
  {
    name: 'a stream arrives event by event, and ends',
    async run({ url, signal }) {
      const response = await post(`${url}/v1/messages`, signal, {
        ...question([{ role: 'user', content: 'Stream, please.' }]),
        stream: true,
      })
      const text = await response.text()
      const deltas = [...text.matchAll(/"type":"text_delta","text":("(?:[^"\\]|\\.)*")/g)]
      const streamed = deltas.map(([, part = '""']) => JSON.parse(part) as string).join('')
      expectEqual('text', streamed, echoOf('Stream, please.'))
      expectEqual('last event', /event: (\w+)\n[^\n]*\n\n$/.exec(text)?.[1], 'message_stop')
    },
  },
  {
    name: "a client's tool is called, and its result reaches the model",
    async run(scene) {
      const opening = { role: 'user', content: `What is the weather? ${ASK_FOR_TOOL}` }
      const called = await ask(scene, [opening], TOOLS)
      const [call] = called.body.content ?? []
      expectEqual('block', call?.type, 'tool_use')
      expectEqual('input', JSON.stringify(call?.input), '{"city":"Oslo"}')
      const result = { type: 'tool_result', tool_use_id: call?.id, content: 'Sunny.' }
      const messages = [
        opening,
        { role: 'assistant', content: called.body.content ?? [] },
        { role: 'user', content: [result] },
      ]
      const answered = await ask(scene, messages, TOOLS)
      expectEqual('status', answered.status, 200)
      expectEqual('text', textOf(answered.body), echoOf('a tool result'))
      const sent = JSON.stringify(scene.standin.asked.at(-1)?.messages)
      expectEqual('the result at the API', sent.includes('Sunny.'), true)
    },
  },
  {
    name: "OpenAI's dialect is served",
    async run({ url, signal }) {
      const response = await post(`${url}/v1/chat/completions`, signal, {
        model: MODEL,
        messages: [{ role: 'user', content: 'Hello, dialect.' }],
      })
      const body = (await response.json()) as { choices?: { message: { content: string } }[] }
      expectEqual('text', body.choices?.[0]?.message.content, echoOf('Hello, dialect.'))
    },
  },
  {
    name: 'an error of the API arrives with its status and message',
    async run(scene) {
      const { status, body } = await ask(scene, [{ role: 'user', content: ASK_FOR_ERROR }])
      expectEqual('status', status, 529)
      expectEqual('type', body.error?.type, 'overloaded_error')
    },
  },
  {
    name: 'the page loads, and the turns are counted',
    async run({ url, signal }) {
      const page = await fetch(`${url}/`, { signal })
      expectEqual('status of the page', page.status, 200)
      expectEqual('page', (await page.text()).includes('<html'), true)
      const usage = await fetch(`${url}/v1/usage`, { signal })
      const { since_start: counts } = (await usage.json()) as { since_start: Counts }
      expectEqual('requests', counts.requests, 6)
      expectEqual('failed requests', counts.errors, 1)
    },
  },
]

const TOOLS = [
  {
    name: 'weather',
    description: 'Tells the weather.',
    input_schema: { type: 'object', properties: { city: { type: 'string' } } },
  },
]

type Counts = { requests: number; errors: number }

type Body = {
  content?: { type: string; text?: string; id?: string; input?: unknown }[]
  error?: { type: string }
}

function question(messages: readonly object[], tools?: readonly object[]): object {
  return { model: MODEL, max_tokens: 100, messages, ...(tools && { tools }) }
}

async function ask(
  { url, signal }: Scene,
  messages: readonly object[],
  tools?: readonly object[],
): Promise<{ status: number; body: Body }> {
  const response = await post(`${url}/v1/messages`, signal, question(messages, tools))
  return { status: response.status, body: (await response.json()) as Body }
}

function post(url: string, signal: AbortSignal, body: object): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

function textOf({ content = [] }: Body): string {
  return content.map(({ text = '' }) => text).join('')
}

function expectEqual(what: string, got: unknown, expected: unknown): void {
  if (got === expected) return
  throw new Error(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`)
}
