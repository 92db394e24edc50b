import { readFileSync } from 'node:fs'

/** Connections at a time, if descriptors allow it. An idle one takes some ten kilobytes. */
const MOST_CONNECTIONS = 16_384

/** Descriptors that are reserved for runtime processes, files and outgoing connections. */
const KEPT_FREE = 1024

/**
 * Maximum open connections. Further ones are closed when they are accepted: without free
 * descriptors no process could be started.
 *
 * @param descriptors that this process may have open; undefined if that is unknown
 */
export function connectionLimit(descriptors: number | undefined): number {
  if (descriptors === undefined) return MOST_CONNECTIONS
  const left = Math.max(descriptors - KEPT_FREE, Math.floor(descriptors / 2))
  return Math.min(MOST_CONNECTIONS, left)
}

/** This process's limit as Linux reports it; undefined on other systems. */
export function readDescriptorLimit(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    const [, soft] = /^Max open files +(\d+)/m.exec(limits) ?? []
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}
