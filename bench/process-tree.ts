import { readdirSync, readFileSync } from 'node:fs'

import { descendants } from '../test/support/processes.ts'

/**
 * CPU time in milliseconds of a process and all its descendants, including ended ones: the system
 * adds the time of a process to its parent's when the parent learns of its end.
 */
export function cpuOf(pid: number): number {
  return [pid, ...childrenBelow(pid)].reduce((sum, each) => sum + sumOf(cpuFields(each)), 0)
}

/** CPU time in milliseconds of the children of this process that have ended. */
export function cpuOfEndedChildren(): number {
  return sumOf(cpuFields(process.pid).slice(2))
}

/** Private resident memory in MB of a process and its descendants. */
export function memoryOf(pid: number): { own: number; children: number[] } {
  return {
    own: privateMegabytes(pid),
    children: descendants(pid).map((child) => privateMegabytes(child.pid)),
  }
}

/** Watches the memory of processes during a workload. */
export class MemoryWatch {
  readonly #timer: NodeJS.Timeout
  #peak = 0

  /** @param pids returns the processes to count, at each look */
  constructor(pids: () => number[]) {
    const look = (): void => {
      this.#peak = Math.max(this.#peak, sumOf(pids().map(anonymousMegabytes)))
    }
    look()
    this.#timer = setInterval(look, LOOK_MILLISECONDS)
  }

  /** Ends the watch, and returns the largest value at any look, in MB of memory without a file. */
  stop(): number {
    clearInterval(this.#timer)
    return this.#peak
  }
}

const LOOK_MILLISECONDS = 100

/** The pids of all processes below one. */
export function childrenBelow(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = Number(statFields(name)[1])
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const below = (ancestor: number): number[] =>
    (children.get(ancestor) ?? []).flatMap((child) => [child, ...below(child)])
  return below(pid)
}

/** Ticks are of 10 ms on Linux. */
const TICK_MILLISECONDS = 10

/** The process's time as user and in the system, and the same of its children that have ended. */
function cpuFields(pid: number): number[] {
  return statFields(pid)
    .slice(11, 15)
    .map((ticks) => Number(ticks) * TICK_MILLISECONDS)
}

/** The fields after the name, which is in parentheses and may contain spaces. */
function statFields(pid: number | string): string[] {
  const stat = readOrEmpty(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

const PAGE_BYTES = 4096

/** Quick to read, unlike private memory, for which the system walks the pages. */
function anonymousMegabytes(pid: number): number {
  const [, resident = 0, shared = 0] = readOrEmpty(`/proc/${pid}/statm`).split(' ').map(Number)
  return ((resident - shared) * PAGE_BYTES) / 2 ** 20
}

function privateMegabytes(pid: number): number {
  const rollup = readOrEmpty(`/proc/${pid}/smaps_rollup`)
  const kilobytes = [...rollup.matchAll(/^Private_\w+: +(\d+) kB$/gm)].map((match) =>
    Number(match[1]),
  )
  return sumOf(kilobytes) / 1024
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

/** A process may end during the look. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
