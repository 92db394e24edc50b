/**
 * Maximum open connections, if there are enough descriptors. An idle connection takes some ten
 * kilobytes.
 */
const MAX_CONNECTIONS = 16_384

/** Descriptors that are reserved for runtime processes, files and outgoing connections. */
const RESERVED_DESCRIPTORS = 1024

/**
 * Maximum open connections. Further ones are closed when they are accepted: without free
 * descriptors no process could be started.
 *
 * @param descriptors the limit of open descriptors of this process; undefined if unknown
 */
export function connectionLimit(descriptors: number | undefined): number {
  if (descriptors === undefined) return MAX_CONNECTIONS
  const left = Math.max(descriptors - RESERVED_DESCRIPTORS, Math.floor(descriptors / 2))
  return Math.min(MAX_CONNECTIONS, left)
}

/** Node's report of this process's limit; undefined on Windows, which has no limit. */
export function readDescriptorLimit(): number | undefined {
  const { userLimits } = process.report.getReport() as Report
  const soft = userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : undefined
}

type Report = { userLimits?: { open_files?: { soft?: number | 'unlimited' } } }
