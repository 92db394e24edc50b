import { mkdir, utimes } from 'node:fs/promises'

/** Milliseconds between two looks: systems delete what was not used for three days (macOS) or ten. */
const LOOK_MILLISECONDS = 60 * 60 * 1000

/**
 * Keeps folders for temporary files while a server runs for weeks: systems clean such places, and no process
 * can be started in a folder that is gone. Each hour the folders are marked as used, and made again if they
 * are gone.
 *
 * @returns to be called at the end
 */
export function keepFolders(paths: readonly string[], period = LOOK_MILLISECONDS): () => void {
  const timer = setInterval(() => void Promise.all(paths.map(keep)), period).unref()
  return () => clearInterval(timer)
}

/** Never rejects: a start of a process will tell what is wrong with its folder. */
export async function keep(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    const now = new Date()
    await utimes(path, now, now)
  } catch {
    // The folder can't be had at the moment.
  }
}
