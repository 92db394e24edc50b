import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * The Messages API as a separate program, as fast as possible: it answers at once. A prompt that
 * ends with `deltas=N` gets N deltas, another `…every=M` with M milliseconds between them; a
 * request with tools gets a call of the first one. It prints its port. For the soak, `fault=…` in a
 * prompt causes that fault, and `id=…` is repeated in the reply.
 */
const server = createServer((request, response) => {
  void answer(request, response)
})
// Kept-alive connections are never closed by the server.
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})

let replies = 0

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  if (request.method !== 'POST') {
    response.end()
    return
  }
  const body = JSON.parse(Buffer.concat(chunks).toString()) as {
    model: string
    tools?: { name: string }[]
    messages: unknown[]
  }
  replies += 1
  const prompt = JSON.stringify(body.messages.at(-1))
  const [, fault] = /fault=(\w+)/.exec(prompt) ?? []
  if (fault !== undefined && fail(response, fault)) return
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'request-id': `req_${replies}`,
  })
  const [tool] = body.tools ?? []
  const id = `msg_${replies}`
  response.write(event('message_start', { message: startOf(id, body.model) }))
  if (fault === 'silence') return
  if (fault === 'cut') {
    response.destroy()
    return
  }
  if (tool === undefined) await writeText(response, prompt)
  else writeCall(response, tool.name)
  const stop_reason = tool === undefined ? 'end_turn' : 'tool_use'
  const delta = { stop_reason, stop_sequence: null }
  response.write(event('message_delta', { delta, usage: { output_tokens: 5 } }))
  response.end(event('message_stop', {}))
}

/** Whether the fault replaces the reply. */
function fail(response: ServerResponse, fault: string): boolean {
  switch (fault) {
    case 'hangup':
      response.destroy()
      return true
    case 'stall':
      return true
    case 'page':
      response.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad gateway</html>')
      return true
    case '429':
    case '500':
    case '529': {
      const type = { 429: 'rate_limit_error', 500: 'api_error', 529: 'overloaded_error' }[fault]
      const error = { type, message: 'As it was told.' }
      response.writeHead(Number(fault), { 'content-type': 'application/json' })
      response.end(JSON.stringify({ type: 'error', error }))
      return true
    }
    default:
      return false
  }
}

async function writeText(response: ServerResponse, prompt: string): Promise<void> {
  const [id = ''] = /id=\w+/.exec(prompt) ?? []
  const count = Number(/deltas=(\d+)/.exec(prompt)?.[1] ?? 1)
  const pause = Number(/every=(\d+)/.exec(prompt)?.[1] ?? 0)
  response.write(
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  )
  for (let index = 0; index < count; index += 1) {
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
    const delta = { type: 'text_delta', text: `word ${index} ${id} ` }
    response.write(event('content_block_delta', { index: 0, delta }))
  }
  response.write(event('content_block_stop', { index: 0 }))
}

function writeCall(response: ServerResponse, name: string): void {
  const block = { type: 'tool_use', id: `toolu_${replies}`, name, input: {} }
  response.write(event('content_block_start', { index: 0, content_block: block }))
  const delta = { type: 'input_json_delta', partial_json: '{"city":"Paris"}' }
  response.write(event('content_block_delta', { index: 0, delta }))
  response.write(event('content_block_stop', { index: 0 }))
}

function startOf(id: string, model: string): object {
  const usage = { input_tokens: 9, output_tokens: 1 }
  return { id, type: 'message', role: 'assistant', model, content: [], stop_reason: null, usage }
}

function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
}
