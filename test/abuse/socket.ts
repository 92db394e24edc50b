import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** An attacker's connection, which may send any bytes. */
export type Attacker = {
  socket: Socket
  /** The received text, once the connection is closed. */
  ended: Promise<string>
}

/** Connects to a server on this machine and writes bytes unchanged. */
export async function attack(port: number, bytes: string | Uint8Array = ''): Promise<Attacker> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.setEncoding('latin1').on('data', (piece: string) => (received += piece))
  socket.on('error', () => {})
  const ended = new Promise<string>((resolve) => socket.once('close', () => resolve(received)))
  await once(socket, 'connect')
  socket.write(bytes)
  return { socket, ended }
}

/** A request as bytes, which closes its connection. */
export function post(
  path: string,
  body: string | Uint8Array,
  headers: readonly string[] = [],
): Buffer {
  const bytes = Buffer.from(body as string)
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    'connection: close',
    `content-length: ${bytes.length}`,
    ...headers,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes])
}

/** The status of an answer; 0 if the connection was closed without one. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
}
