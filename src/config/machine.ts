/** The properties of the machine that determine defaults. */
export type Machine = {
  /** Processors that this program may use. */
  readonly cores: number
  /** Memory available for new processes, in bytes. */
  readonly freeMemoryBytes: number
  /** Whether this program runs in a container. */
  readonly container: boolean
}

const MEGABYTE = 1024 * 1024

/**
 * How many runtime processes a machine can run.
 *
 * An idle process takes about 150 MB of resident memory, and about 200 MB after 20 turns. Half of
 * the free memory is left for other programs. A process mostly waits for the API, and a turn takes
 * a tenth of a second of a core, so eight processes can share a core. 32 is more than one login can
 * keep busy. The result is at least 1.
 */
export function maxProcessesOf(machine: Pick<Machine, 'cores' | 'freeMemoryBytes'>): number {
  const { byCores, byMemory } = capacityOf(machine)
  return Math.max(1, Math.min(MAX_PROCESSES, byCores, byMemory))
}

/** Explains the result of `maxProcessesOf` in one line. */
export function explainMaxProcesses(machine: Pick<Machine, 'cores' | 'freeMemoryBytes'>): string {
  const { byCores, byMemory } = capacityOf(machine)
  const cores = machine.cores === 1 ? '1 core' : `${machine.cores} cores`
  const memory = `${(machine.freeMemoryBytes / 1024 ** 3).toFixed(1)} GB of free memory`
  if (Math.min(byCores, byMemory) >= MAX_PROCESSES) return `the maximum; ${cores}, ${memory}`
  return byMemory < byCores
    ? `limited by half of ${memory}; ${cores} would allow ${byCores}`
    : `limited by ${cores}; ${memory} would allow ${byMemory}`
}

const MAX_PROCESSES = 32

function capacityOf({ cores, freeMemoryBytes }: Pick<Machine, 'cores' | 'freeMemoryBytes'>): {
  byCores: number
  byMemory: number
} {
  return {
    byCores: cores * 8,
    byMemory: Math.floor((freeMemoryBytes * 0.5) / (200 * MEGABYTE)),
  }
}

/** The system's report of its memory, in bytes. */
export type MemoryReport = {
  readonly platform: string
  readonly free: number
  readonly total: number
  /** The limit of the container or control group; 0 for none. */
  readonly limit: number
}

/**
 * The memory available for new processes, in bytes.
 *
 * macOS counts neither caches nor inactive pages as free, so its number is close to 0 on a healthy
 * machine (https://github.com/libuv/libuv/issues/3897). There, a quarter of the memory counts as
 * free. The whole limit of the control group counts as available, because its used part includes
 * caches that the system can release.
 */
export function freeMemoryOf(report: MemoryReport): number {
  const free = report.platform === 'darwin' ? Math.max(report.free, report.total / 4) : report.free
  return report.limit > 0 ? Math.min(free, report.limit) : free
}
