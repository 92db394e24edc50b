import yoctoSpinner from 'yocto-spinner'

import type { Environment } from '../config/environment.ts'
import { isCapable } from './style.ts'

/** Shows a waiting line in a terminal until a promise settles. */
export async function showWaiting<T>(
  text: string,
  work: Promise<T>,
  env: Environment,
  stream: NodeJS.WriteStream = process.stderr,
): Promise<T> {
  if (!isCapable(stream, env)) return work
  // The command handles signals itself.
  const spinner = yoctoSpinner({ text, stream, handleSignals: false }).start()
  try {
    return await work
  } finally {
    spinner.stop()
  }
}

/** Milliseconds between two lines. */
const REMINDER_MILLISECONDS = 5000

/** Writes a line every few seconds while something is pending. */
export function remind(
  sentence: (seconds: number) => string,
  stream: { write: (text: string) => unknown } = process.stderr,
): void {
  let seconds = 0
  setInterval(() => {
    seconds += REMINDER_MILLISECONDS / 1000
    stream.write(`${sentence(seconds)}\n`)
  }, REMINDER_MILLISECONDS).unref()
}
