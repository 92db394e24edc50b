import { Agent, request } from 'node:http'

/** Milliseconds after the request was sent. */
export type Timing = { firstDelta: number; end: number; message: ReplyFacts }

export type ReplyFacts = { text: string; call: { id: string; name: string } | undefined }

const agent = new Agent({ keepAlive: true, maxSockets: Infinity })

/** The answer, of any kind. */
export type Exchange = { status: number; text: string; firstDelta: number | undefined; end: number }

/**
 * Requests a stream, and returns the times of its first delta and its end. Throws if it is not a
 * reply.
 */
export async function ask(url: string, body: object): Promise<Timing> {
  const { status, text, firstDelta, end } = await exchange(url, body)
  if (firstDelta === undefined || !text.includes('message_stop')) {
    throw new Error(`No whole reply: ${status} ${text.slice(0, 300)}`)
  }
  return { firstDelta, end, message: factsOf(text) }
}

/** Requests a stream and reads it to its end. Throws if the connection fails. */
export function exchange(url: string, body: object, signal?: AbortSignal): Promise<Exchange> {
  const payload = Buffer.from(JSON.stringify({ max_tokens: 1000, ...body, stream: true }))
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const asked = request(`${url}/v1/messages`, {
      method: 'POST',
      agent,
      ...(signal && { signal }),
      headers: {
        'content-type': 'application/json',
        'content-length': payload.byteLength,
        'x-api-key': 'made-up',
        'anthropic-version': '2023-06-01',
      },
    })
    asked.on('error', reject)
    asked.on('response', (response) => {
      const chunks: Buffer[] = []
      let firstDelta: number | undefined
      response.on('error', reject)
      response.on('data', (chunk: Buffer) => {
        if (firstDelta === undefined && chunk.includes('content_block_delta')) {
          firstDelta = performance.now() - startedAt
        }
        chunks.push(chunk)
      })
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const end = performance.now() - startedAt
        resolve({ status: response.statusCode ?? 0, text, firstDelta, end })
      })
    })
    asked.end(payload)
  })
}

/** Closes the connections that are kept. */
export function closeConnections(): void {
  agent.destroy()
}

/** The facts in a stream of events. */
export function factsOf(stream: string): ReplyFacts {
  let text = ''
  let call: ReplyFacts['call']
  for (const line of stream.split('\n')) {
    if (!line.startsWith('data: ')) continue
    const event = JSON.parse(line.slice(6)) as {
      content_block?: { type: string; id: string; name: string }
      delta?: { text?: string }
    }
    text += event.delta?.text ?? ''
    if (event.content_block?.type === 'tool_use') call = event.content_block
  }
  return { text, call }
}
