import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/** Headers of an upgrade. `HTTP2-Settings` belongs to `Upgrade: h2c`. */
const UPGRADE_HEADERS = ['upgrade', 'http2-settings']

/**
 * Makes the server ignore a request's wish for another protocol, as HTTP allows
 * (https://www.rfc-editor.org/rfc/rfc9110#name-upgrade). Java's HttpClient asks for HTTP/2 in the
 * first request of each connection, and Node passes every such request to the `upgrade` listener.
 *
 * @param head the bytes after the headers: the beginning of the body
 */
export function servePlainly(
  server: Server,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const { method, url, httpVersion, rawHeaders } = incoming
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2)
    const kept = name.toLowerCase() === 'connection' ? withoutUpgrade(value) : value
    if (!UPGRADE_HEADERS.includes(name.toLowerCase())) lines.push(`${name}: ${kept}`)
  }
  // Node reads headers as Latin-1, so that each character is a byte.
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', socket)
}

function withoutUpgrade(connection: string): string {
  const options = connection.split(',').map((option) => option.trim())
  return options.filter((option) => !UPGRADE_HEADERS.includes(option.toLowerCase())).join(', ')
}
