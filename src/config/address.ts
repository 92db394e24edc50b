/** The address of a server for clients on this machine: `http://localhost:42069`. */
export function httpAddress(host: string, port: number): string {
  const name = ['127.0.0.1', '0.0.0.0', '::'].includes(host) ? 'localhost' : host
  return `http://${hostAndPort(name, port)}`
}

/** `127.0.0.1:42069`, or `[::1]:42069`. */
export function hostAndPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
