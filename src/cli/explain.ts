import { ConfigError } from '../config/config-error.ts'

/** The lines for a user whose command failed: the fault and its fix. */
export function explain(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.problems
  return [error instanceof Error ? explainError(error) : String(error)]
}

function explainError(error: Error): string {
  const { code, port, address, hostname } = error as SystemError
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} is in use: stop the program that listens there, or choose another port with --port`
    case 'EACCES':
      return port === undefined
        ? firstLine(error)
        : `this user may not listen on port ${port}: choose one above 1023 with --port`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `this machine has no address ${address ?? hostname ?? ''} to listen on: change --host`
    default:
      return firstLine(error)
  }
}

/** The fields of a failed `listen` or name look-up. */
type SystemError = Error & { code?: string; port?: number; address?: string; hostname?: string }

function firstLine({ message }: Error): string {
  return message.split('\n', 1)[0] ?? ''
}
