import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { descendants } from '../test/support/processes.ts'

/** A program that the benchmark started. */
export type Program = {
  url: string
  pid: number
  /** Ends it in order; resolves with its exit code. */
  stop: () => Promise<number | null>
}

/** Starts the stand-in as a program of its own. */
export async function startStandin(): Promise<Program> {
  const file = fileURLToPath(new URL('./standin.js', import.meta.url))
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'], env: {} })
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string]
  return program(child, `http://127.0.0.1:${port}`)
}

/** Starts the built command, and says how many milliseconds it took until it served. */
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
    const [, port] = /address +http:\/\/localhost:(\d+)/.exec(line) ?? []
    if (port === undefined) continue
    const startedIn = performance.now() - startedAt
    // What is written from now on is the log of errors.
    child.stdout.setEncoding('utf8').on('data', onComplaint).resume()
    return { ...program(child, `http://127.0.0.1:${port}`), startedIn }
  }
  throw new Error('The proxy did not start.')
}

/** CPU time in milliseconds of a process, its children and those of them that have ended. */
export function cpuOf(pid: number): number {
  const own = cpuTimes(pid)
  const children = descendants(pid).map((child) => cpuTimes(child.pid))
  return [own, ...children].reduce((sum, times) => sum + times, 0)
}

/** CPU time in milliseconds of the children of this process that have ended. */
export function cpuOfEndedChildren(): number {
  const { 2: user = 0, 3: system = 0 } = cpuFields(process.pid)
  return user + system
}

/** Resident memory in MB that no other process shares, of a process and its children. */
export function memoryOf(pid: number): { own: number; children: number[] } {
  return {
    own: privateMegabytes(pid),
    children: descendants(pid).map((child) => privateMegabytes(child.pid)),
  }
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

/** Ticks are of 10 ms on Linux. */
const TICK_MILLISECONDS = 10

function cpuTimes(pid: number): number {
  return cpuFields(pid).reduce((sum, time) => sum + time, 0)
}

/** The process's time as user and in the system, and the same of its children that have ended. */
function cpuFields(pid: number): number[] {
  const stat = readOrEmpty(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).map((ticks) => Number(ticks) * TICK_MILLISECONDS)
}

function privateMegabytes(pid: number): number {
  const rollup = readOrEmpty(`/proc/${pid}/smaps_rollup`)
  const kilobytes = [...rollup.matchAll(/^Private_\w+: +(\d+) kB$/gm)].map((match) =>
    Number(match[1]),
  )
  return kilobytes.reduce((sum, count) => sum + count, 0) / 1024
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
