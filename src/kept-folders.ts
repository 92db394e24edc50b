import { mkdir, utimes } from 'node:fs/promises'

/**
 * Milliseconds between two checks: systems delete temporary files that were unused for three days
 * (macOS) or ten.
 */
const LOOK_MILLISECONDS = 60 * 60 * 1000

/**
 * Keeps temporary folders alive while a server runs for weeks. Systems delete unused temporary
 * folders, and no process can be started in a deleted folder. Every hour the folders are marked as
 * used, and recreated if they are gone.
 *
 * @returns a function that stops this
 */
export function keepFolders(paths: readonly string[], period = LOOK_MILLISECONDS): () => void {
  const timer = setInterval(() => void Promise.all(paths.map(keep)), period).unref()
  return () => clearInterval(timer)
}

/** Never rejects: the next start of a process will report a problem with its folder. */
export async function keep(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    const now = new Date()
    await utimes(path, now, now)
  } catch {
    // The folder can't be created at the moment.
  }
}
