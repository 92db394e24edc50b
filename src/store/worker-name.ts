import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'

/** A name for this process as a worker on batches: `host/pid/random`. */
export function newWorkerName(): string {
  const name = [hostname(), process.pid, randomBytes(6).toString('hex')].join('/')
  ownNames.add(name)
  return name
}

/** Whether the process with this name ran on this machine and has ended. */
export function hasEnded(worker: string): boolean {
  const [host, pid] = worker.split('/')
  if (host !== hostname()) return false
  // In a restarted container the program may have the same pid again.
  if (Number(pid) === process.pid) return !ownNames.has(worker)
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** The names given to this process. */
const ownNames = new Set<string>()
