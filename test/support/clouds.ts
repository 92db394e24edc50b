import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'

import type { Standin } from './standin.ts'

/**
 * Speaks to the runtime like a cloud provider, and lets the stand-in answer. It runs until
 * `close()`.
 */
export type Cloud = {
  /** The variables that make the runtime use it; without a login, because none is checked. */
  variables: Record<string, string>
  /** `POST /path` of all requests, oldest first. */
  asked: readonly string[]
  close: () => Promise<void>
}

type Dialect = {
  variables: (url: string) => Record<string, string>
  /** The model in the path of a request for a message. */
  model: RegExp
  /** The reply's bytes, of the stand-in's stream. */
  encode: (stream: string) => { type: string; bytes: Buffer }
}

/** Each provider's API, as the runtime uses it (measured with 2.1.332). */
const DIALECTS = {
  bedrock: {
    variables: (url) => ({
      CLAUDE_CODE_USE_BEDROCK: '1',
      CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1',
      AWS_REGION: 'us-east-1',
      ANTHROPIC_BEDROCK_BASE_URL: url,
    }),
    model: /^\/model\/(?:[a-z]+\.)?anthropic\.([^/]+)\/invoke-with-response-stream$/,
    encode: (stream) => ({
      type: 'application/vnd.amazon.eventstream',
      bytes: Buffer.concat(dataOf(stream).map(eventStreamMessage)),
    }),
  },
  vertex: {
    variables: (url) => ({
      CLAUDE_CODE_USE_VERTEX: '1',
      CLAUDE_CODE_SKIP_VERTEX_AUTH: '1',
      CLOUD_ML_REGION: 'us-east5',
      ANTHROPIC_VERTEX_PROJECT_ID: 'made-up',
      ANTHROPIC_VERTEX_BASE_URL: url,
    }),
    model: /^\/projects\/.*\/models\/([^/]+):streamRawPredict$/,
    encode: (stream) => ({ type: 'text/event-stream', bytes: Buffer.from(stream) }),
  },
  foundry: {
    variables: (url) => ({
      CLAUDE_CODE_USE_FOUNDRY: '1',
      ANTHROPIC_FOUNDRY_API_KEY: 'made-up-for-tests',
      ANTHROPIC_FOUNDRY_BASE_URL: url,
    }),
    model: /^\/v1\/messages()\?beta=true$/,
    encode: (stream) => ({ type: 'text/event-stream', bytes: Buffer.from(stream) }),
  },
} satisfies Record<string, Dialect>

export type CloudName = keyof typeof DIALECTS

export async function startCloud(name: CloudName, standin: Standin): Promise<Cloud> {
  const dialect: Dialect = DIALECTS[name]
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    void answer(dialect, standin, request, response)
  })
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    variables: dialect.variables(`http://127.0.0.1:${port}`),
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/**
 * Passes a request for a message to the stand-in in the API's own form; other requests are not
 * supported.
 */
async function answer(
  { model, encode }: Dialect,
  standin: Standin,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const found = model.exec(request.url ?? '')
  if (request.method !== 'POST' || found === null) {
    response.writeHead(404).end('{}')
    return
  }
  const {
    anthropic_version: _,
    anthropic_beta: betas = [],
    ...body
  } = JSON.parse(await text(request)) as Record<string, unknown> & { anthropic_beta?: string[] }
  const upstream = await fetch(`${standin.url}/v1/messages?beta=true`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'anthropic-beta': [request.headers['anthropic-beta'], ...betas].join(','),
    },
    body: JSON.stringify({ ...(found[1] && { model: found[1] }), ...body, stream: true }),
  })
  const reply = await upstream.text()
  if (!upstream.ok) {
    response.writeHead(upstream.status, { 'content-type': 'application/json' }).end(reply)
    return
  }
  const { type, bytes } = encode(reply)
  response.writeHead(200, { 'content-type': type }).end(bytes)
}

/** The JSON of each event of a stream. */
function dataOf(stream: string): string[] {
  return [...stream.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => data)
}

const EVENT_HEADERS = {
  ':event-type': 'chunk',
  ':content-type': 'application/json',
  ':message-type': 'event',
}

/** A string, in the types of an event stream's headers. */
const STRING = 7

/**
 * An event in the encoding of Amazon's event streams: lengths and a checksum of them, headers, payload,
 * and a checksum of it all.
 * Source: https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html
 */
function eventStreamMessage(json: string): Buffer {
  const headers = Buffer.concat(
    Object.entries(EVENT_HEADERS).map(([name, value]) =>
      Buffer.concat([
        Buffer.from([name.length]),
        Buffer.from(name),
        Buffer.from([STRING, 0, value.length]),
        Buffer.from(value),
      ]),
    ),
  )
  const payload = Buffer.from(JSON.stringify({ bytes: Buffer.from(json).toString('base64') }))
  const lengths = Buffer.concat([
    uint32(headers.length + payload.length + 16),
    uint32(headers.length),
  ])
  const message = Buffer.concat([lengths, uint32(crc32(lengths)), headers, payload])
  return Buffer.concat([message, uint32(crc32(message))])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
