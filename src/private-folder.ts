import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that only this process uses (mode 0700), for files of the runtime. */
export type PrivateFolder = {
  path: string
  /** Makes an empty folder in it. */
  subfolder: (name: string) => Promise<string>
  /** Deletes it with its content. Never rejects: failures go to `onProblem`. */
  remove: () => Promise<void>
}

const PREFIX = 'claude-sub-proxy-'

/**
 * Names the process that owns a folder, so that a later start can see whether that process is gone.
 */
const OWNER_FILE = 'owner.json'

/** @param onProblem receives the error if a folder could not be deleted */
export async function makePrivateFolder(
  onProblem: (error: unknown) => void = () => {},
): Promise<PrivateFolder> {
  const path = await mkdtemp(join(tmpdir(), PREFIX))
  await writeFile(join(path, OWNER_FILE), JSON.stringify(await ownerOf(process.pid)))
  return {
    path,
    subfolder: async (name) => {
      const folder = join(path, name)
      await mkdir(folder)
      return folder
    },
    remove: () => remove(path).catch(onProblem),
  }
}

/**
 * Deletes the private folders that killed processes of this user left behind. A folder is kept if
 * its process may still run, also in another container that shares the folder for temporary files.
 *
 * @returns the paths that were deleted
 */
export async function sweepPrivateFolders(): Promise<string[]> {
  const here = tmpdir()
  const names = await readdir(here).catch(() => [])
  const folders = names.filter((name) => name.startsWith(PREFIX)).map((name) => join(here, name))
  const swept = await Promise.all(
    folders.map(async (path) => {
      if (!(await isAbandoned(path))) return undefined
      return remove(path).then(
        () => path,
        () => undefined,
      )
    }),
  )
  return swept.filter((path) => path !== undefined)
}

/** A process that is ending may still write there, so the deletion is retried. */
function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 5 })
}

type Owner = {
  pid: number
  host: string
  /** Names the pid namespace: a container has its own. */
  namespace: string
}

async function ownerOf(pid: number): Promise<Owner> {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '')
  return { pid, host: hostname(), namespace }
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const entry = await lstat(path)
    if (!entry.isDirectory() || entry.uid !== (process.getuid?.() ?? entry.uid)) return false
    const owner = JSON.parse(await readFile(join(path, OWNER_FILE), 'utf8')) as Owner
    const here = await ownerOf(owner.pid)
    return (
      Number.isSafeInteger(owner.pid) &&
      owner.pid > 0 &&
      owner.host === here.host &&
      owner.namespace === here.namespace &&
      !isAlive(owner.pid)
    )
  } catch {
    // The folder is gone, is being made, or was made by another version.
    return false
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: the process exists, but belongs to another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
