import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rename, rm, rmdir, stat, unlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** An older lock is stale: work under a lock takes milliseconds, so its process was killed. */
const STALE_MILLISECONDS = 10_000

/** Time between two looks at a lock that another process holds, in milliseconds. */
const PAUSE_MILLISECONDS = 20

/**
 * How long to wait for a lock, in milliseconds; longer than the time after which a lock is stale.
 */
const PATIENCE_MILLISECONDS = 15_000

/** The name of the file in a process's own folder. */
const OWN_NAME = /^[0-9a-f]{16}$/

/**
 * Runs a function while no other process on this machine holds the lock.
 *
 * The lock is a folder with one file, whose name is the holder's own. A folder can be renamed to the
 * lock's path only if there is none, or an empty one. A stale lock is taken away by deleting the file
 * of its holder: of several processes that find it stale, one succeeds, and no one can delete the lock
 * of the next holder.
 *
 * @param path of the lock's folder, in an existing folder
 * @throws Error if the lock can't be acquired, and the errors of `work`
 */
export async function locked<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const name = randomBytes(8).toString('hex')
  await acquire(path, name)
  try {
    await deleteLeftovers(path)
    return await work()
  } finally {
    await release(path, name)
  }
}

async function acquire(path: string, name: string): Promise<void> {
  const since = performance.now()
  const own = await mkdtemp(`${path}.`)
  try {
    await writeFile(join(own, name), '', { mode: 0o600 })
    while (!(await isRenamed(own, path))) {
      if (performance.now() - since > PATIENCE_MILLISECONDS) {
        throw new Error(`${path} is held by another process`)
      }
      if (!(await isFreed(path))) await setTimeout(PAUSE_MILLISECONDS)
    }
  } catch (error) {
    await rm(own, { recursive: true, force: true })
    throw error
  }
}

/** A waiting process has its own folder for `PATIENCE_MILLISECONDS` at most. */
const LEFTOVER_MILLISECONDS = 60_000

/**
 * Deletes the folders of processes that were killed while they waited for the lock. Only the holder
 * of the lock does so.
 */
async function deleteLeftovers(path: string): Promise<void> {
  const beginning = `${basename(path)}.`
  // The end is from `mkdtemp`.
  const all = await readdir(dirname(path)).catch(() => [])
  const names = all.filter(
    (name) => name.startsWith(beginning) && /^\w{6}$/.test(name.slice(beginning.length)),
  )
  for (const name of names) {
    const folder = join(dirname(path), name)
    try {
      const { mtimeMs } = await stat(folder)
      if (Math.abs(Date.now() - mtimeMs) <= LEFTOVER_MILLISECONDS) continue
      const files = (await readdir(folder)).filter((file) => OWN_NAME.test(file))
      for (const file of files) await unlink(join(folder, file))
      await rmdir(folder)
    } catch {
      // It is not such a folder, or can't be deleted: this holds nothing up.
    }
  }
}

/** False if another process holds the lock. */
async function isRenamed(own: string, path: string): Promise<boolean> {
  try {
    await rename(own, path)
    return true
  } catch (error) {
    // EPERM, EACCES and EBUSY: Windows reports these if the folder exists, or is being deleted.
    if (codeIn(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EPERM', 'EACCES', 'EBUSY')) return false
    throw error
  }
}

/** Takes a stale lock away. Returns whether the lock may be free now. */
async function isFreed(path: string): Promise<boolean> {
  try {
    // In earlier versions the lock was a file, which a killed process may have left.
    const isFolder = (await stat(path)).isDirectory()
    const files = isFolder ? (await readdir(path)).map((holder) => join(path, holder)) : [path]
    for (const file of files) {
      const { mtimeMs } = await stat(file)
      if (Math.abs(Date.now() - mtimeMs) <= STALE_MILLISECONDS) return false
      await unlink(file)
    }
    if (isFolder) await rmdir(path)
    return true
  } catch (error) {
    // Another process was faster.
    if (codeIn(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST', 'EPERM', 'EBUSY')) return false
    throw error
  }
}

async function release(path: string, name: string): Promise<void> {
  try {
    await unlink(join(path, name))
    await rmdir(path)
  } catch (error) {
    // The work took long, and another process took the lock away, or it holds the lock now.
    if (!codeIn(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST', 'EPERM', 'EBUSY')) throw error
  }
}

function codeIn(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
