import { open, rm, stat } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'

/** An older lock is stale: work under a lock takes milliseconds, so its process was killed. */
const STALE_MILLISECONDS = 10_000

/** Time between two looks at a lock that another process holds, in milliseconds. */
const PAUSE_MILLISECONDS = 20

/**
 * How long to wait for a lock, in milliseconds; longer than the time after which a lock is stale.
 */
const PATIENCE_MILLISECONDS = 15_000

/**
 * Runs a function while no other process on this machine holds the lock.
 *
 * @param path of the lock's file, in an existing folder
 * @throws Error if the lock can't be acquired, and the errors of `work`
 */
export async function locked<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  await acquire(path)
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

async function acquire(path: string): Promise<void> {
  const since = performance.now()
  for (;;) {
    try {
      await (await open(path, 'wx', 0o600)).close()
      return
    } catch (error) {
      // EPERM and EBUSY: Windows reports these for a file that is being deleted.
      const { code } = error as NodeJS.ErrnoException
      if (!['EEXIST', 'EPERM', 'EBUSY'].includes(code ?? '')) throw error
      if (performance.now() - since > PATIENCE_MILLISECONDS) {
        throw new Error(`${path} is held by another process`, { cause: error })
      }
    }
    if (await isStale(path)) await rm(path, { force: true })
    else await setTimeout(PAUSE_MILLISECONDS)
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > STALE_MILLISECONDS
  } catch {
    return false
  }
}
