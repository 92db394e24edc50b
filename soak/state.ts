import { readdirSync } from 'node:fs'

import { memoryOf } from '../bench/process-tree.ts'
import { descendants } from '../test/support/processes.ts'

/** The resources of a proxy, measured from outside and reported by itself. */
export type State = {
  /** Private memory of the server itself, in MB. */
  megabytes: number
  descriptors: number
  /** Its child processes. */
  processes: number
  /** Processes in its own report. */
  known: number
  /** The idle ones among these. */
  ready: number
  inFlight: number
  waiting: number
  /** Turns that have ended. */
  turns: number
}

export async function stateOf({ url, pid }: { url: string; pid: number }): Promise<State> {
  const metrics = await (await fetch(`${url}/metrics`, { headers: { connection: 'close' } })).text()
  const sum = (name: string): number =>
    [...metrics.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)$`, 'gm'))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    )
  return {
    megabytes: memoryOf(pid).own,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    processes: descendants(pid).length,
    known: sum('claude_proxy_processes'),
    ready: Number(/processes\{state="spare"\} (\d+)/.exec(metrics)?.[1]),
    inFlight: sum('claude_proxy_turns_in_flight'),
    waiting: sum('claude_proxy_queue_depth'),
    turns: sum('claude_proxy_turns_total'),
  }
}
