import type { ServerResponse } from 'node:http'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { events, isCut, isHang, type Answer, type StreamEvent } from './answers.ts'
import { eventsOf } from './events.ts'

export type Delivery = {
  response: ServerResponse
  requestId: string
  /** Whether the request asks for a stream. */
  stream: boolean
  /** Drops the connection. */
  cut: () => void
}

/** Plays an answer. Resolves when nothing more will be written; throws the error of a gate. */
export async function deliver(answer: Answer, delivery: Delivery): Promise<void> {
  const { response, requestId, stream, cut } = delivery
  switch (answer.kind) {
    case 'message':
      if (stream) {
        const { message, headers } = answer
        await deliver(events(eventsOf(message), { headers }), delivery)
      } else {
        sendJson(response, 200, answer.message, { 'request-id': requestId, ...answer.headers })
      }
      return
    case 'events':
      await sendEvents(answer, delivery)
      return
    case 'error':
      sendError(response, requestId, answer)
      return
    case 'raw':
      response.writeHead(answer.status, { 'request-id': requestId, ...answer.headers })
      response.end(answer.body)
      return
    case 'stall':
      return
    case 'cutBeforeAnswer':
      cut()
      return
    default:
      answer satisfies never
  }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string>,
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

/** Sends an error in the API's shape. */
export function sendError(
  response: ServerResponse,
  requestId: string,
  error: { status: number; type: string; message: string; headers?: Record<string, string> },
): void {
  const { status, type, message, headers } = error
  const body = { type: 'error', error: { type, message }, request_id: requestId }
  sendJson(response, status, body, { 'request-id': requestId, ...headers })
}

async function sendEvents(
  { elements, delayBetween, chunking, headers }: Extract<Answer, { kind: 'events' }>,
  { response, requestId, cut }: Delivery,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'request-id': requestId,
    ...headers,
  })
  response.flushHeaders()
  let isFirst = true
  for (const element of elements) {
    if (response.destroyed) return
    if (isCut(element)) {
      cut()
      return
    }
    if (isHang(element)) return
    if (typeof element === 'function') {
      await element()
      continue
    }
    if (!isFirst && delayBetween > 0) await setTimeout(delayBetween)
    isFirst = false
    await write(response, serialized(element), chunking)
  }
  if (!response.destroyed) response.end()
}

function serialized(event: StreamEvent): Buffer {
  return Buffer.from(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
}

/** Resolves when the bytes are with the operating system, so that a cut comes after them. */
async function write(response: ServerResponse, bytes: Buffer, chunking: number): Promise<void> {
  const size = chunking > 0 ? chunking : bytes.length
  for (let start = 0; start < bytes.length; start += size) {
    if (response.destroyed) return
    await new Promise<void>((resolve) => {
      response.write(bytes.subarray(start, start + size), () => resolve())
    })
    if (chunking > 0) await setImmediate()
  }
}
