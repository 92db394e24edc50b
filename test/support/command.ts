import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { runtimeProcessesWithEnvironment, waitUntilGone } from './processes.ts'
import type { Sandbox } from './sandbox.ts'
import { LONGEST_WAIT } from './until.ts'

export type CommandOptions = {
  /** The arguments of the command. */
  args?: readonly string[]
  /** The whole environment. */
  env: Readonly<Record<string, string>>
  /** The working directory, which may have a `config.txt`. */
  cwd: string
}

/** How a command ended. */
export type CommandEnd = {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** A running command. */
export type RunningCommand = {
  pid: number
  /** The output so far. */
  readonly stdout: string
  readonly stderr: string
  /** Resolves when it has ended and its output was read. */
  ended: Promise<CommandEnd>
  /** Resolves when its output matches the pattern; rejects if it ends before. */
  hasWritten: (stream: 'stdout' | 'stderr', pattern: RegExp) => Promise<RegExpExecArray>
  /** Stops reading its output, like the reader of a pipe that ends. */
  closeOutput: () => void
  /** Sends a signal only to the command, like `kill`. */
  signal: (name: NodeJS.Signals) => void
  /** Sends a signal to the command and its child processes, like Ctrl-C in a terminal. */
  signalGroup: (name: NodeJS.Signals) => void
}

/** Runs the built command, which must end by itself. */
export async function runCommand(options: CommandOptions): Promise<CommandEnd> {
  const command = await startCommand(options)
  const timer = globalThis.setTimeout(() => command.signal('SIGKILL'), LONGEST_WAIT)
  const end = await command.ended
  clearTimeout(timer)
  if (end.signal === 'SIGKILL') throw new Error(`It did not end: ${JSON.stringify(end)}`)
  return end
}

/** Starts the built command, in its own process group. */
export async function startCommand({
  args = [],
  env,
  cwd,
}: CommandOptions): Promise<RunningCommand> {
  await buildOnce()
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (written[name] += text))
  }
  const ended = endOf(child, written)
  const { pid } = child
  if (pid === undefined) {
    await ended
    throw new Error('The command was not started.')
  }
  return {
    pid,
    get stdout() {
      return written.stdout
    },
    get stderr() {
      return written.stderr
    },
    ended,
    hasWritten: (name, pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(written[name])
          if (found) resolve(found)
        }
        child[name].on('data', look)
        look()
        void ended.then((end) =>
          reject(new Error(`It ended without ${String(pattern)}: ${JSON.stringify(end)}`)),
        )
      }),
    closeOutput: () => {
      child.stdout.destroy()
      child.stderr.destroy()
    },
    signal: (name) => void child.kill(name),
    signalGroup: (name) => void process.kill(-pid, name),
  }
}

/** The command's line in a pipe when it serves. */
export type StartLine = {
  url: string
  openaiUrl: string
  version: string
  login: string
  model: string
  key: string
  maxProcesses: number
  warnings: string[]
}

/** Starts the command, and waits until it serves. */
export async function startServer(
  options: CommandOptions,
): Promise<{ command: RunningCommand; url: string; line: StartLine }> {
  const command = await startCommand(options)
  const [text] = await command.hasWritten('stdout', /^\{.*"msg":"serving"\}$/m)
  const line = JSON.parse(text) as StartLine
  return { command, url: line.url, line }
}

/**
 * Kills all running commands, and waits until the runtime's processes in the sandbox are gone. Call
 * it at the end of each test.
 */
export async function endCommands({ folder }: Pick<Sandbox, 'folder'>): Promise<void> {
  const left = [...running]
  for (const child of left) child.kill('SIGKILL')
  await Promise.all(left.map((child) => once(child, 'close')))
  await waitUntilGone(runtimesIn(folder))
}

/** The pids of the runtime's processes in a sandbox, even if their parent is gone. */
export function runtimesIn(folder: string): number[] {
  return runtimeProcessesWithEnvironment(folder).map(({ pid }) => pid)
}

const running = new Set<ChildProcess>()

function endOf(
  child: ChildProcess,
  written: { stdout: string; stderr: string },
): Promise<CommandEnd> {
  running.add(child)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal, ...written })
    })
  })
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MAIN = join(ROOT, 'dist/cli/main.js')

/**
 * Builds `dist` if it is missing or older than the sources. A lock in the temporary folder of the
 * run lets only one worker build while the others wait.
 */
export async function buildOnce(): Promise<void> {
  const outcome = join(tmpdir(), 'build-outcome')
  if (claim(join(tmpdir(), 'build-lock'))) {
    writeFileSync(`${outcome}-draft`, isBuilt() ? '' : await build())
    renameSync(`${outcome}-draft`, outcome)
  }
  for (;;) {
    const failure = textOf(outcome)
    if (failure === '') return
    if (failure !== undefined) throw new Error(`The build failed:\n${failure}`)
    await setTimeout(50)
  }
}

function claim(lock: string): boolean {
  try {
    mkdirSync(lock)
    return true
  } catch {
    return false
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function isBuilt(): boolean {
  const built = statSync(MAIN, { throwIfNoEntry: false })
  if (built === undefined) return false
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  return sources.every((name) => {
    const isSource = name.endsWith('.ts') && !name.endsWith('.test.ts')
    return !isSource || statSync(join(ROOT, 'src', name)).mtimeMs <= built.mtimeMs
  })
}

/** The compiler's errors; '' if there are none. */
function build(): Promise<string> {
  return new Promise((resolve) => {
    execFile('npx', ['tsc', '-p', 'tsconfig.build.json'], { cwd: ROOT }, (error, stdout, stderr) =>
      resolve(error === null ? '' : `${stdout}${stderr}${error.message}`),
    )
  })
}
