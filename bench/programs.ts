import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A program that the benchmark started. */
export type Program = {
  url: string
  pid: number
  /** Ends the program in order; resolves with its exit code. */
  stop: () => Promise<number | null>
}

/** Starts the stand-in as a program of its own. */
export async function startStandin(): Promise<Program> {
  const file = fileURLToPath(new URL('./standin.js', import.meta.url))
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'], env: {} })
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string]
  return program(child, `http://127.0.0.1:${port}`)
}

/** Starts the built command, and returns how many milliseconds it took until it served. */
export async function startProxy(
  env: Record<string, string>,
  cwd: string,
  args: readonly string[] = [],
  onComplaint: (text: string) => void = (text) => process.stderr.write(text),
): Promise<Program & { startedIn: number }> {
  const startedAt = performance.now()
  const file = fileURLToPath(import.meta.resolve('claude-sub-proxy/package.json')).replace(
    'package.json',
    'dist/cli/main.js',
  )
  const child = spawn(process.execPath, [file, '--port', '0', '--log-level', 'ERROR', ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stderr.setEncoding('utf8').on('data', onComplaint)
  for await (const line of createInterface(child.stdout)) {
    const [, port] = /"url":"http:\/\/localhost:(\d+)"/.exec(line) ?? []
    if (port === undefined) continue
    const startedIn = performance.now() - startedAt
    // From now on the output is the log of errors.
    child.stdout.setEncoding('utf8').on('data', onComplaint).resume()
    return { ...program(child, `http://127.0.0.1:${port}`), startedIn }
  }
  throw new Error('The proxy did not start.')
}

function program(child: ChildProcess, url: string): Program {
  return {
    url,
    pid: child.pid ?? NaN,
    stop: async () => {
      if (child.exitCode !== null) return child.exitCode
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      const [code] = (await exited) as [number | null]
      return code
    },
  }
}
