import { type Summary, summarize } from './statistics.ts'
import type { Run, Workload } from './workloads.ts'

/** The measurements of one run of a workload. */
export type Sample = Run & {
  /** The duration of the whole run, in milliseconds. */
  wall: number
  /** CPU milliseconds of all processes on the proxy's side, or of the cold starts. */
  cpu: number
  /** The largest memory of these processes at any look, in MB. */
  peak: number
}

/** A workload with all its runs, and how many of its turns took which lane. */
export type Measured = { workload: Workload; samples: Sample[]; lanes: Map<string, number> }

/** The row of a workload: medians over its runs, the latencies over all its requests. */
export type Figures = Summary & {
  name: string
  /** Requests per second of the run. */
  requestsPerSecond: number
  /** CPU milliseconds for each request. */
  cpu: number
  /** Of all runs, in MB. */
  peak: number
  /** How many turns took which lane. */
  lanes: Record<string, number>
}

export function figuresOf({ workload, samples, lanes }: Measured): Figures {
  return {
    name: workload.name,
    ...summarize(samples.flatMap(({ times }) => times)),
    requestsPerSecond: median(samples.map(({ requests, wall }) => (requests * 1000) / wall)),
    cpu: median(samples.map(({ cpu, requests }) => cpu / requests)),
    peak: Math.max(...samples.map(({ peak }) => peak)),
    lanes: Object.fromEntries(lanes),
  }
}

function median(values: readonly number[]): number {
  return summarize(values).p50
}
