import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Store } from '../../src/store/store.ts'

/** A temporary folder for the store of a test. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'store-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export type KeptStore = { store: Store; remove: () => Promise<void> }

/** A store in a temporary file. */
export async function temporaryStore(): Promise<KeptStore> {
  const folder = temporaryFolder()
  const store = await openSqlite(join(folder.path, 'state', 'store.db'))
  const remove = async (): Promise<void> => {
    await store.close()
    folder.remove()
  }
  return { store, remove }
}

/** The content of all files of a folder, as bytes. */
export function everythingIn(folder: string): string {
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('')
}
