import { lstat, mkdir } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/**
 * The runtime tells the model the name of its working folder. This name says that it is not the
 * client's folder, so that a model does not write the client's files there.
 */
const NAME = 'not-the-clients-folder'

/**
 * An empty working folder for the runtime, accessible to this user only (mode 0700). Its path stays
 * the same over restarts: the runtime tells the model the path at the beginning of each
 * conversation, and the text before a thought must not change. Nothing is written in it, so several
 * servers can share it.
 *
 * @returns `undefined` if something else has that name, or the folder belongs to another user
 */
export async function stableWorkFolder(base: string = tmpdir()): Promise<string | undefined> {
  const own = join(base, `claude-sub-proxy-${ownerName()}`)
  const path = join(own, NAME)
  try {
    for (const folder of [own, path]) {
      await mkdir(folder, { mode: 0o700 }).catch(ignoreExisting)
      if (!(await isOurs(folder))) return undefined
    }
    return path
  } catch {
    return undefined
  }
}

function ownerName(): string {
  return String(process.getuid?.() ?? userInfo().username)
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}

/**
 * Other users can write in the system's temporary folder, so links and folders of other users are
 * not used.
 */
async function isOurs(path: string): Promise<boolean> {
  const entry = await lstat(path)
  const isOwn = entry.uid === (process.getuid?.() ?? entry.uid)
  const isPrivate = process.platform === 'win32' || (entry.mode & 0o077) === 0
  return entry.isDirectory() && isOwn && isPrivate
}
