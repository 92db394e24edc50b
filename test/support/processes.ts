import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

export type RunningProcess = {
  pid: number
  /** The command line, with arguments separated by spaces. */
  command: string
}

type CensusEntry = RunningProcess & { parent: number; executable: string }

/** All descendants of a process, without zombies. */
export function descendants(pid: number): RunningProcess[] {
  return entriesBelow(pid, census()).map(withoutDetails)
}

/** The Claude Code processes among the descendants of this one. */
export function runtimeProcesses(): RunningProcess[] {
  return entriesBelow(process.pid, census()).filter(isRuntime).map(withoutDetails)
}

/** The Claude Code processes that `pid` started itself, without their own child processes. */
export function startedRuntimes(pid: number): RunningProcess[] {
  return census()
    .filter((entry) => entry.parent === pid && isRuntime(entry))
    .map(withoutDetails)
}

/**
 * The Claude Code processes on this machine with `text` in their initial environment, even if their
 * parent is gone.
 */
export function runtimeProcessesWithEnvironment(text: string): RunningProcess[] {
  return census()
    .filter((entry) => isRuntime(entry) && environmentOf(entry.pid).includes(text))
    .map(withoutDetails)
}

/** The same for all programs. */
export function processesWithEnvironment(text: string): RunningProcess[] {
  return census()
    .filter((entry) => environmentOf(entry.pid).includes(text))
    .map(withoutDetails)
}

/** Whether the process still runs. A zombie has ended; its parent has not noticed yet. */
export function isAlive(pid: number): boolean {
  return census().some((entry) => entry.pid === pid)
}

/**
 * Resolves when none of them runs; rejects after `timeout` ms with the running ones. A process ends
 * within a second of the request to end, but a busy machine may take many times as long.
 */
export async function waitUntilGone(pids: number[], timeout = 30_000): Promise<void> {
  const deadline = performance.now() + timeout
  for (;;) {
    const left = census().filter((entry) => pids.includes(entry.pid))
    if (left.length === 0) return
    if (performance.now() > deadline) {
      const list = left.map((entry) => `${entry.pid} ${entry.command}`).join('\n  ')
      throw new Error(`Still running after ${timeout} ms:\n  ${list}`)
    }
    await setTimeout(POLL_INTERVAL)
  }
}

/** Milliseconds. */
const POLL_INTERVAL = 20

const RUNTIME_EXECUTABLE = /\/node_modules\/@anthropic-ai\/claude-agent-sdk-[^/]+\//

function isRuntime({ executable }: CensusEntry): boolean {
  return RUNTIME_EXECUTABLE.test(executable)
}

function withoutDetails({ pid, command }: CensusEntry): RunningProcess {
  return { pid, command }
}

function entriesBelow(ancestor: number, entries: CensusEntry[]): CensusEntry[] {
  const children = entries.filter((entry) => entry.parent === ancestor)
  return children.flatMap((child) => [child, ...entriesBelow(child.pid, entries)])
}

const HAS_PROC = existsSync('/proc/self/stat')

function census(): CensusEntry[] {
  return HAS_PROC ? censusFromProc() : censusFromPs()
}

function censusFromProc(): CensusEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = valueOrEmpty(() => readFileSync(`/proc/${name}/stat`, 'utf8'))
      // The second field is the name in parentheses, which may contain spaces and parentheses.
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (state === undefined || state === '' || hasEnded(state)) return []
      const command = valueOrEmpty(() => readFileSync(`/proc/${name}/cmdline`, 'utf8'))
      return {
        pid: Number(name),
        parent: Number(parent),
        command: command.replaceAll('\0', ' ').trimEnd(),
        executable: valueOrEmpty(() => readlinkSync(`/proc/${name}/exe`)),
      }
    })
}

function censusFromPs(): CensusEntry[] {
  const lines = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,stat=,args='], {
    encoding: 'utf8',
  })
  return lines.split('\n').flatMap((line) => {
    const [, pid, parent, state = '', command = ''] =
      /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? []
    if (pid === undefined || hasEnded(state)) return []
    // The path may contain spaces; the runtime's arguments begin with a flag.
    const executable = command.split(' -', 1)[0] ?? ''
    return { pid: Number(pid), parent: Number(parent), command, executable }
  })
}

function hasEnded(state: string): boolean {
  return state.startsWith('Z') || state.startsWith('X')
}

function environmentOf(pid: number): string {
  return valueOrEmpty(() =>
    HAS_PROC
      ? readFileSync(`/proc/${pid}/environ`, 'utf8')
      : execFileSync('ps', ['-E', '-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }),
  )
}

/** A process may end during the look, or belong to another user. */
function valueOrEmpty(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
