import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A request for a message that reached the stand-in. */
export type AskedMessage = {
  model: string
  messages: { role: string; content: string | { type: string; [field: string]: unknown }[] }[]
  tools?: { name: string }[]
}

/** The stand-in for the model's API. It answers on 127.0.0.1, and records its requests. */
export type SelftestStandin = {
  readonly url: string
  readonly asked: readonly AskedMessage[]
  close: () => Promise<void>
}

/** The words in a prompt that determine the answer. */
export const ASK_FOR_TOOL = 'Use the tool.'
export const ASK_FOR_ERROR = 'Be overloaded.'

/** The answer to any other text. */
export function echoOf(prompt: string): string {
  return `The stand-in read: ${prompt}`
}

export async function startStandin(): Promise<SelftestStandin> {
  const asked: AskedMessage[] = []
  const server = createServer((request, response) => {
    answer(request, response, asked).catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  asked: AskedMessage[],
): Promise<void> {
  const body = await text(request)
  const path = request.url?.split('?', 1)[0]
  if (request.method !== 'POST' || path !== '/v1/messages') {
    return sendError(response, 404, 'not_found_error', 'The stand-in serves only messages.')
  }
  const message = JSON.parse(body) as AskedMessage
  asked.push(message)
  const prompt = lastTextOf(message)
  if (prompt.includes(ASK_FOR_ERROR)) {
    return sendError(response, 529, 'overloaded_error', 'The stand-in is overloaded, as requested.')
  }
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'request-id': `req_selftest_${asked.length}`,
  })
  const [tool] = message.tools ?? []
  const wantsTool = prompt.includes(ASK_FOR_TOOL) && tool !== undefined
  for (const event of wantsTool ? toolEvents(message, tool.name) : textEvents(message, prompt)) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  }
  response.end()
}

/** The client's own last user text, without the reminders, which the runtime adds in tags. */
function lastTextOf({ messages }: AskedMessage): string {
  const { content = '' } = messages.findLast(({ role }) => role === 'user') ?? {}
  if (typeof content === 'string') return content
  const texts = content.flatMap((block) => {
    if (block.type === 'tool_result') return ['a tool result']
    return typeof block['text'] === 'string' ? [block['text']] : []
  })
  return texts.findLast((each) => !each.startsWith('<system-reminder>')) ?? ''
}

type StandinEvent = { type: string; [field: string]: unknown }

function textEvents(message: AskedMessage, prompt: string): StandinEvent[] {
  const [start, ...rest] = [echoOf(prompt).slice(0, 9), echoOf(prompt).slice(9)]
  const deltas = [start, ...rest].map((part) => ({ type: 'text_delta', text: part }))
  return reply(message, { type: 'text', text: '' }, deltas, 'end_turn')
}

function toolEvents(message: AskedMessage, name: string): StandinEvent[] {
  const block = { type: 'tool_use', id: 'toolu_selftest_1', name, input: {} }
  const deltas = [{ type: 'input_json_delta', partial_json: '{"city":"Oslo"}' }]
  return reply(message, block, deltas, 'tool_use')
}

function reply(
  { model }: AskedMessage,
  block: object,
  deltas: readonly object[],
  stopReason: string,
): StandinEvent[] {
  const usage = { input_tokens: 10, output_tokens: 1 }
  const message = {
    id: `msg_selftest_${Date.now()}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  }
  return [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: block },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index: 0, delta })),
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: stopReason, stop_sequence: null },
      usage: { output_tokens: 7 },
    },
    { type: 'message_stop' },
  ]
}

function sendError(response: ServerResponse, status: number, type: string, message: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'request-id': 'req_selftest_error',
  })
  response.end(JSON.stringify({ type: 'error', error: { type, message } }))
}
