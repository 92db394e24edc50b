import type { ChildProcess } from 'node:child_process'

import { exitCodeOf, STOP_SIGNALS } from './stop-signals.ts'

/** Signals that a terminal sends to all programs in it. */
const OF_THE_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT']

/**
 * Waits for a program that shares this terminal. The terminal itself sends Ctrl-C and Ctrl-\ to the
 * program, which decides what they mean. Other stop signals are passed on to it. This process stays
 * until the program has ended.
 *
 * @returns the exit code of the program
 * @throws the error of its start
 */
export async function foreground(child: Pick<ChildProcess, 'once' | 'kill'>): Promise<number> {
  const pass = (name: NodeJS.Signals): void => {
    if (!OF_THE_TERMINAL.includes(name)) child.kill(name)
  }
  for (const name of STOP_SIGNALS) process.on(name, pass)
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('exit', (code, signal) => resolve(signal ? exitCodeOf(signal) : (code ?? 1)))
      child.once('error', reject)
    })
  } finally {
    for (const name of STOP_SIGNALS) process.off(name, pass)
  }
}
