import { readFileSync } from 'node:fs'

const PAGE_BYTES = 4096

/**
 * The resident memory of a process in bytes; 0 if it is not known (only Linux reports it). A
 * synchronous read takes 0.01 ms of CPU, one by Node's threads 0.1 ms. The system generates the
 * file, so nothing waits for a disk.
 */
export function memoryOf(pid: number | undefined): number {
  if (pid === undefined || process.platform !== 'linux') return 0
  try {
    const [, resident] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
    return Number(resident) * PAGE_BYTES
  } catch {
    return 0
  }
}
