import { type Kysely, type Migration, type MigrationProvider, sql } from 'kysely'

/**
 * The changes of the tables from one version of this program to the next, in order. A published
 * migration is never edited; a further change is a new migration.
 */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '001_batches': { up: createBatches },
  '002_files': { up: createFiles },
  '003_usage': { up: createUsage },
  '004_responses': { up: createResponses },
  '005_batch_headers': { up: addBatchHeaders },
  '006_file_expiry': { up: addFileExpiry },
  '007_intake_leases': { up: addIntakeLeases },
  '008_batch_facts': { up: addBatchFacts },
  '009_response_sizes': { up: addResponseSizes },
  '010_output_sizes': { up: addOutputSizes },
}

export const migrations: MigrationProvider = {
  getMigrations: () => Promise.resolve({ ...MIGRATIONS }),
}

async function addOutputSizes(db: Kysely<unknown>): Promise<void> {
  for (const name of ['output_size', 'errors_size'] as const) {
    await db.schema.alterTable('batches').addColumn(name, 'bigint').execute()
  }
}

async function addResponseSizes(db: Kysely<unknown>): Promise<void> {
  for (const table of ['responses', 'conversations'] as const) {
    for (const name of ['size', 'used_at'] as const) {
      await db.schema
        .alterTable(table)
        .addColumn(name, 'bigint', (column) => column.notNull().defaultTo(0))
        .execute()
    }
    await db.schema
      .createIndex(`${table}_by_use`)
      .on(table)
      .columns(['owner', 'used_at', 'size'])
      .execute()
  }
  const sizeOfResponse = sql`length(response) + length(input) + coalesce(length(added), 0)`
  await sql`update responses set used_at = created_at, size = ${sizeOfResponse}`.execute(db)
  const sizeOfItems = sql`(select coalesce(sum(length(item)), 0) from conversation_items where conversation_id = id)`
  await sql`update conversations set used_at = changed_at, size = ${sizeOfItems}`.execute(db)
}

async function addBatchFacts(db: Kysely<unknown>): Promise<void> {
  for (const name of ['model', 'errors'] as const) {
    await db.schema.alterTable('batches').addColumn(name, 'text').execute()
  }
  await db.schema.alterTable('batches').addColumn('output_lifetime', 'bigint').execute()
  const counts = ['input_tokens', 'cached_tokens', 'output_tokens', 'reasoning_tokens'] as const
  for (const name of counts) {
    await db.schema
      .alterTable('batches')
      .addColumn(name, 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
  }
}

async function addIntakeLeases(db: Kysely<unknown>): Promise<void> {
  for (const table of ['batches', 'files'] as const) {
    await db.schema.alterTable(table).addColumn('worker', 'text').execute()
    await db.schema.alterTable(table).addColumn('lease_until', 'bigint').execute()
  }
}

async function addFileExpiry(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('files').addColumn('expires_at', 'bigint').execute()
}

async function addBatchHeaders(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('batches').addColumn('headers', 'text').execute()
}

async function createResponses(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('responses')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('previous_id', 'text')
    .addColumn('response', 'text', (column) => column.notNull())
    .addColumn('input', 'text', (column) => column.notNull())
    .addColumn('added', 'text')
    .addColumn('worker', 'text')
    .addColumn('lease_until', 'bigint')
    .execute()
  await db.schema.createIndex('responses_by_age').on('responses').columns(['created_at']).execute()
  await db.schema
    .createTable('response_events')
    .addColumn('response_id', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('response_events_key', ['response_id', 'number'])
    .execute()
  await db.schema
    .createTable('conversations')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .addColumn('metadata', 'text', (column) => column.notNull())
    .addColumn('length', 'integer', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('conversations_by_age')
    .on('conversations')
    .columns(['changed_at'])
    .execute()
  await db.schema
    .createTable('conversation_items')
    .addColumn('conversation_id', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('item_id', 'text', (column) => column.notNull())
    .addColumn('item', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('conversation_items_key', ['conversation_id', 'position'])
    .execute()
}

async function createUsage(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('usage')
    .addColumn('date', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('requests', 'bigint', (column) => column.notNull())
    .addColumn('errors', 'bigint', (column) => column.notNull())
    .addColumn('input_tokens', 'bigint', (column) => column.notNull())
    .addColumn('output_tokens', 'bigint', (column) => column.notNull())
    .addColumn('cache_read_input_tokens', 'bigint', (column) => column.notNull())
    .addColumn('cache_creation_input_tokens', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('usage_key', ['date', 'kind', 'name'])
    .execute()
  await db.schema
    .createTable('key_requests')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('full_at', 'double precision', (column) => column.notNull())
    .execute()
}

async function createFiles(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('batches').addColumn('input_file_id', 'text').execute()
  await db.schema.alterTable('batches').addColumn('metadata', 'text').execute()
  await db.schema
    .createTable('files')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('filename', 'text', (column) => column.notNull())
    .addColumn('mime_type', 'text', (column) => column.notNull())
    .addColumn('size', 'bigint', (column) => column.notNull())
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('ready', 'integer', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('files_by_age')
    .on('files')
    .columns(['owner', 'created_at', 'id'])
    .execute()
  await db.schema
    .createTable('file_chunks')
    .addColumn('file_id', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    // PostgreSQL's type; SQLite accepts bytes in a column of any type.
    .addColumn('content', sql`bytea`, (column) => column.notNull())
    .addPrimaryKeyConstraint('file_chunks_key', ['file_id', 'position'])
    .execute()
}

async function createBatches(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('batches')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('endpoint', 'text', (column) => column.notNull())
    .addColumn('betas', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('paused', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('cancel_initiated_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('total', 'integer', (column) => column.notNull())
    .addColumn('succeeded', 'integer', (column) => column.notNull())
    .addColumn('errored', 'integer', (column) => column.notNull())
    .addColumn('canceled', 'integer', (column) => column.notNull())
    .addColumn('expired', 'integer', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('batches_by_age')
    .on('batches')
    .columns(['owner', 'created_at', 'id'])
    .execute()
  await db.schema
    .createTable('batch_requests')
    .addColumn('batch_id', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('custom_id', 'text', (column) => column.notNull())
    .addColumn('params', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('failures', 'integer', (column) => column.notNull())
    .addColumn('not_before', 'bigint', (column) => column.notNull())
    .addColumn('worker', 'text')
    .addColumn('lease_until', 'bigint')
    .addColumn('result', 'text')
    .addColumn('ended_at', 'bigint')
    .addPrimaryKeyConstraint('batch_requests_key', ['batch_id', 'position'])
    .execute()
  await db.schema
    .createIndex('batch_requests_waiting')
    .on('batch_requests')
    .columns(['batch_id', 'position'])
    .where(sql.ref('state'), '=', sql.lit('waiting'))
    .execute()
  await db.schema
    .createIndex('batch_requests_running')
    .on('batch_requests')
    .columns(['lease_until'])
    .where(sql.ref('state'), '=', sql.lit('running'))
    .execute()
}
