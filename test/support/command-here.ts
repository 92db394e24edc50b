import { run } from '../../src/cli/run.ts'
import type { CommandEnd, CommandOptions } from './command.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/**
 * Runs a command line within this process, which takes a tenth of the time. It is for tests that do
 * not depend on the start, the stop or the end of a process. Calls must not overlap.
 */
export async function runCommandHere({ args = [], env, cwd }: CommandOptions): Promise<CommandEnd> {
  const streams = [process.stdout, process.stderr]
  const before = {
    cwd: process.cwd(),
    env: process.env,
    exitCode: process.exitCode,
    writes: streams.map((stream) => Reflect.get(stream, 'write')),
    errors: streams.map((stream) => stream.listeners('error')),
    signals: SIGNALS.map((name) => process.listeners(name)),
  }
  const written = ['', '']
  process.chdir(cwd)
  process.env = { ...env }
  process.exitCode = undefined
  for (const [index, stream] of streams.entries()) {
    stream.write = (text: string | Uint8Array) => {
      written[index] += String(text)
      return true
    }
  }
  try {
    await run(args)
    const [stdout = '', stderr = ''] = written
    return { code: exitCode(), signal: null, stdout, stderr }
  } finally {
    process.chdir(before.cwd)
    process.env = before.env
    process.exitCode = before.exitCode
    for (const [index, stream] of streams.entries()) {
      stream.write = before.writes[index] as typeof stream.write
      leaveListeners(stream, 'error', before.errors[index] ?? [])
    }
    for (const [index, name] of SIGNALS.entries()) {
      leaveListeners(process, name, before.signals[index] ?? [])
    }
  }
}

function exitCode(): number {
  return Number(process.exitCode ?? 0)
}

type Emitter = Pick<NodeJS.EventEmitter, 'listeners' | 'removeListener'>

/** Removes the listeners that were added meanwhile. */
function leaveListeners(emitter: Emitter, event: string, before: readonly unknown[]): void {
  for (const listener of emitter.listeners(event)) {
    if (!before.includes(listener)) {
      emitter.removeListener(event, listener as (...args: unknown[]) => void)
    }
  }
}
