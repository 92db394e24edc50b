import { mkdir, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'

import { locked } from './file-lock.ts'
import { addTotals, type Totals } from './totals.ts'

/** Totals by day (`2026-11-23`, local time), oldest first. */
export type Days = Readonly<Record<string, Totals>>

const counts = z.object({
  requests: z.number(),
  errors: z.number(),
  input_tokens: z.number(),
  output_tokens: z.number(),
  cache_read_input_tokens: z.number(),
  cache_creation_input_tokens: z.number(),
})

const content = z.object({
  version: z.literal(1),
  days: z.record(
    z.iso.date(),
    counts.extend({
      by_model: z.record(z.string(), counts),
      by_lane: z.record(z.string(), counts),
      by_key: z.record(z.string(), counts).default({}),
      by_key_and_model: z.record(z.string(), counts).default({}),
    }),
  ),
})

/** Days that are kept. */
export const KEPT_DAYS = 92

/** A place that keeps the usage after the process ends. */
export type UsageKeeper = {
  /** Whether other servers add to it as well. */
  readonly isShared: boolean
  /** @throws Error if it can't be read */
  read: () => Promise<Days>
  /**
   * Adds to the kept usage.
   *
   * @returns the new sums
   * @throws Error if it can't be written
   */
  add: (days: Days) => Promise<Days>
}

/**
 * The file that keeps the usage after the process ends: only numbers by day, model, lane and key.
 *
 * It is replaced as a whole, so that a reader finds either the old or the new contents. Several
 * servers can share it: one at a time, each adds the counts since its last write.
 */
export class UsageFile implements UsageKeeper {
  readonly isShared = false
  readonly path: string

  constructor(folder: string) {
    this.path = join(folder, 'usage.json')
  }

  /**
   * @returns the contents of the file; nothing if there is no file
   * @throws Error if it can't be read, or holds something else (then it is renamed)
   */
  async read(): Promise<Days> {
    let text: string
    try {
      text = await readFile(this.path, 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
      throw error
    }
    try {
      return content.parse(JSON.parse(text)).days
    } catch {
      await rename(this.path, `${this.path}.broken`)
      throw new Error(`${this.path} can't be read as usage and was renamed to end with .broken`)
    }
  }

  /**
   * Adds to the counts in the file.
   *
   * @returns its new contents
   * @throws Error if it can't be written
   */
  async add(days: Days): Promise<Days> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 })
    return locked(`${this.path}.locked`, async () => {
      const saved = lastDays(addDays(await this.read(), days))
      await writeFileAtomic(this.path, `${JSON.stringify({ version: 1, days: saved })}\n`, {
        mode: 0o600,
      })
      return saved
    })
  }
}

export function addDays(a: Days, b: Days): Days {
  const dates = [...new Set([...Object.keys(a), ...Object.keys(b)])].toSorted()
  return Object.fromEntries(
    dates.flatMap((date) => {
      const [first, second] = [a[date], b[date]]
      const sum = first && second ? addTotals(first, second) : (first ?? second)
      return sum ? [[date, sum]] : []
    }),
  )
}

function lastDays(days: Days): Days {
  return Object.fromEntries(Object.entries(days).slice(-KEPT_DAYS))
}
