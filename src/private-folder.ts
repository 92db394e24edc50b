import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of this process alone (mode 0700), for files of the runtime. */
export type PrivateFolder = {
  path: string
  /** Makes an empty folder in it. */
  subfolder: (name: string) => Promise<string>
  /** Deletes it with all that is in it. Never rejects: failures go to `onProblem`. */
  remove: () => Promise<void>
}

const PREFIX = 'claude-sub-proxy-'

/** Says which process a folder belongs to, so that a later start can tell whether that one is gone. */
const OWNER_FILE = 'owner.json'

/** @param onProblem is told of a folder that could not be deleted */
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
 * Deletes the private folders of this user's processes that were killed before they could do so.
 * A folder is kept if its process may still run, also in another container that shares the folder for
 * temporary files.
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

/** A process that is ending may still write there, so deleting is retried. */
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
    // It is gone, was made by another version, or is being made.
    return false
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: there is one, of another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
