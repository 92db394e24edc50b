import { constants } from 'node:os'

/** The signals to stop: Ctrl-C, a supervisor, a closed terminal, Ctrl-\, Ctrl-Break. */
export const STOP_SIGNALS: readonly NodeJS.Signals[] = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  ...(process.platform === 'win32' ? (['SIGBREAK'] as const) : []),
]

/**
 * Calls the listener at the first stop signal. The second one ends the process at once, with exit
 * code 1.
 *
 * @returns a function that restores the usual effect of the signals
 */
export function onStopSignal(stop: (name: NodeJS.Signals) => void): () => void {
  let isStopping = false
  const listener = (name: NodeJS.Signals): void => {
    if (isStopping) process.exit(1)
    isStopping = true
    stop(name)
  }
  for (const name of STOP_SIGNALS) process.on(name, listener)
  return () => {
    for (const name of STOP_SIGNALS) process.off(name, listener)
  }
}

/**
 * Does a command's work. A stop signal aborts it. After the clean-up the process ends with the exit
 * code that shells use for that signal.
 */
export async function interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController()
  let received: NodeJS.Signals | undefined
  const release = onStopSignal((name) => {
    received = name
    controller.abort(new Error(`stopped by ${name}`))
  })
  try {
    await work(controller.signal)
  } catch (error) {
    if (received === undefined) throw error
  } finally {
    release()
  }
  if (received !== undefined) process.exitCode = exitCodeOf(received)
}

/** The exit code that shells report for a signal. */
export function exitCodeOf(name: NodeJS.Signals): number {
  return 128 + constants.signals[name]
}
