import { sql, type Selectable } from 'kysely'

import type { LazyStore } from '../store/lazy-store.ts'
import type { Database, UsageTable as Row } from '../store/schema.ts'
import { type Counts, noTotals, type Totals } from './totals.ts'
import { type Days, KEPT_DAYS, type UsageKeeper } from './usage-file.ts'

const FIELDS = [
  'requests',
  'errors',
  'input_tokens',
  'output_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
] as const satisfies readonly (keyof Counts)[]

/**
 * The usage that replicas share in their database: numbers by day, and for each day by model, lane
 * and key.
 */
export class UsageTable implements UsageKeeper {
  readonly isShared = true
  readonly #store: Pick<LazyStore, 'open'>

  constructor(store: Pick<LazyStore, 'open'>) {
    this.#store = store
  }

  async read(): Promise<Days> {
    const { db } = await this.#store.open()
    const rows = await db.selectFrom('usage').selectAll().orderBy('date').execute()
    const days: Record<string, Totals> = {}
    for (const row of rows) {
      const day = (days[row.date] ??= noTotals())
      if (row.kind === 'all') Object.assign(day, countsOf(row))
      else day[`by_${row.kind}`][row.name] = countsOf(row)
    }
    const dates = Object.keys(days)
    const [firstKept] = dates.slice(-KEPT_DAYS)
    if (dates.length <= KEPT_DAYS || firstKept === undefined) return days
    await db.deleteFrom('usage').where('date', '<', firstKept).execute()
    return Object.fromEntries(Object.entries(days).slice(-KEPT_DAYS))
  }

  async add(days: Days): Promise<Days> {
    const rows = Object.entries(days).flatMap(([date, totals]) => rowsOf(date, totals))
    const { db } = await this.#store.open()
    // All or nothing, and always in the same order, so that no two replicas wait for each other.
    const sorted = rows.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
    await db.transaction().execute(async (step) => {
      for (const row of sorted) await addRow(step, row)
    })
    return this.read()
  }
}

function addRow(db: Database, row: Row): Promise<unknown> {
  const sums = FIELDS.map((field) => [
    field,
    sql<number>`${sql.ref(`usage.${field}`)} + ${row[field]}`,
  ])
  return db
    .insertInto('usage')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['date', 'kind', 'name']).doUpdateSet(Object.fromEntries(sums)),
    )
    .execute()
}

function rowsOf(date: string, totals: Totals): Row[] {
  const rowOf = (kind: Row['kind'], name: string, counts: Counts): Row => ({
    date,
    kind,
    name,
    ...countsOf(counts),
  })
  const named = (['model', 'lane', 'key', 'key_and_model'] as const).flatMap((kind) =>
    Object.entries(totals[`by_${kind}`]).map(([name, counts]) => rowOf(kind, name, counts)),
  )
  return [rowOf('all', '', totals), ...named]
}

function orderOf({ date, kind, name }: Row): string {
  return `${date} ${kind} ${name}`
}

function countsOf(row: Counts | Selectable<Row>): Counts {
  return Object.fromEntries(FIELDS.map((field) => [field, row[field]])) as Counts
}
