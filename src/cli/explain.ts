/** One line for a user whose start failed: what is wrong, and what to do. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, port, address } = error as NodeJS.ErrnoException & {
    port?: number
    address?: string
  }
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} is in use: stop what listens there, or choose another with --port`
    case 'EACCES':
      return port === undefined
        ? error.message
        : `port ${port} is not for this user: choose one above 1023 with --port`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `this machine has no address ${address ?? ''} to listen on: change --host`
    default:
      return error.message
  }
}
