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

/** What a client's file was before, with its mode, and what was written. */
type Undo = { before: string | null; mode?: number | undefined; after: string }

/** Beside the client's file. */
function undoPath(path: string): string {
  return `${path}.claude-sub-proxy-undo`
}

/** Replaces a file as a whole, and keeps beside it how to undo that. May hold a key: the user's alone. */
export async function replaceFile(
  path: string,
  before: string | undefined,
  after: string,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const earlier = await readUndo(path)
  // If it was written twice, undo restores what was there before the first time.
  const first =
    earlier !== undefined && earlier.after === before
      ? { before: earlier.before, mode: earlier.mode }
      : { before: before ?? null, mode: before === undefined ? undefined : await modeOf(path) }
  const undo: Undo = { ...first, after }
  await writeFileAtomic(undoPath(path), JSON.stringify(undo), { mode: 0o600 })
  await writeFileAtomic(path, after, { mode: 0o600 })
}

/**
 * Restores the file as it was before `replaceFile`.
 *
 * @throws Error if nothing was written, or the file was changed since
 */
export async function restoreFile(path: string): Promise<void> {
  const undo = await readUndo(path)
  if (undo === undefined) throw new Error(`${path}: setup has written nothing to undo`)
  if ((await textOf(path)) !== undo.after) {
    throw new Error(
      `${path} was changed since setup wrote it: take the lines away by hand (${undoPath(path)} has the text from before)`,
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
