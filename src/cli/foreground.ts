import type { ChildProcess } from 'node:child_process'

import { exitCodeOf, STOP_SIGNALS } from './stop-signals.ts'

/**
 * Whether the terminal sends a signal to all programs in it. A console of Windows does this with
 * every signal that exists there, and Node.js can't pass on Ctrl-Break or the end of the console.
 */
function isOfTerminal(name: NodeJS.Signals, platform: NodeJS.Platform): boolean {
  return platform === 'win32' || name === 'SIGINT' || name === 'SIGQUIT'
}

/** The part of `process` that gets the signals. */
type Signalled = Pick<NodeJS.EventEmitter, 'on' | 'off'> & { platform: NodeJS.Platform }

/**
 * Waits for a program that shares this terminal. The terminal itself sends Ctrl-C and Ctrl-\ to the
 * program, which decides what they mean. Other stop signals are passed on to it. This process stays
 * until the program has ended.
 *
 * @returns the exit code of the program
 * @throws the error of its start
 */
export async function foreground(
  child: Pick<ChildProcess, 'once' | 'kill'>,
  own: Signalled = process,
): Promise<number> {
  const pass = (name: NodeJS.Signals): void => {
    if (!isOfTerminal(name, own.platform)) child.kill(name)
  }
  for (const name of STOP_SIGNALS) own.on(name, pass)
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('exit', (code, signal) => resolve(signal ? exitCodeOf(signal) : (code ?? 1)))
      child.once('error', reject)
    })
  } finally {
    for (const name of STOP_SIGNALS) own.off(name, pass)
  }
}
