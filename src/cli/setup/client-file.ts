import { mkdir, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

import writeFileAtomic from 'write-file-atomic'

/** The text of a file; undefined if there is none. */
export async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** The earlier text and mode of a client's file, and the text that was written. */
type Undo = { before: string | null; mode?: number | undefined; after: string }

/** In the folder of the client's file. */
function undoPath(path: string): string {
  return `${path}.claude-sub-proxy-undo`
}

/**
 * Replaces a whole file, and saves the data to undo that next to it. Only the user can read it,
 * because it may contain a key.
 */
export async function replaceFile(
  path: string,
  before: string | undefined,
  after: string,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const earlier = await readUndo(path)
  // After two writes, undo restores the text from before the first.
  const first =
    earlier !== undefined && earlier.after === before
      ? { before: earlier.before, mode: earlier.mode }
      : { before: before ?? null, mode: before === undefined ? undefined : await modeOf(path) }
  const undo: Undo = { ...first, after }
  await writeFileAtomic(undoPath(path), JSON.stringify(undo), { mode: 0o600 })
  await writeFileAtomic(path, after, { mode: 0o600 })
}

/**
 * Undoes `replaceFile`.
 *
 * @throws Error if nothing was written, or the file has changed since then
 */
export async function restoreFile(path: string): Promise<void> {
  const undo = await readUndo(path)
  if (undo === undefined) throw new Error(`${path}: there is no change of setup to undo`)
  if ((await textOf(path)) !== undo.after) {
    throw new Error(
      `${path} has changed since setup wrote it: remove the lines by hand (${undoPath(path)} has the earlier text)`,
    )
  }
  if (undo.before === null) await rm(path)
  else await writeFileAtomic(path, undo.before, { ...(undo.mode && { mode: undo.mode }) })
  await rm(undoPath(path))
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}

async function readUndo(path: string): Promise<Undo | undefined> {
  const text = await textOf(undoPath(path))
  return text === undefined ? undefined : (JSON.parse(text) as Undo)
}
