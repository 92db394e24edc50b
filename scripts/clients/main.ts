/*
 * Runs popular coding agents, each in its own folder, against the proxy and a stand-in that plays a
 * model. Prints the results, and writes them into docs/clients.md if all clients were run.
 *
 * npm run clients [-- NAME…]
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { attempt } from './attempt.ts'
import { CLIENT_PROGRAMS } from './catalog.ts'
import type { Attempt, ClientProgram } from './client-program.ts'
import { install } from './install.ts'
import { renderTable, withTable } from './table.ts'

const DOCUMENT = 'docs/clients.md'

const names = process.argv.slice(2).map((name) => name.toLowerCase())
const chosen = CLIENT_PROGRAMS.filter(
  ({ name }) => names.length === 0 || names.includes(name.toLowerCase()),
)
const folder = mkdtempSync(join(tmpdir(), 'clients-'))
const attempts: Attempt[] = []
try {
  for (const client of chosen) {
    process.stderr.write(`${client.name} …\n`)
    attempts.push(await tryOut(client))
  }
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

const date = new Date().toISOString().slice(0, 10)
process.stdout.write(`\n${renderTable(attempts, date)}`)
if (names.length === 0) {
  writeFileSync(DOCUMENT, withTable(readFileSync(DOCUMENT, 'utf8'), attempts, date))
}
if (attempts.some(({ result }) => result !== 'right')) process.exitCode = 1

async function tryOut(client: ClientProgram): Promise<Attempt> {
  try {
    return await attempt(client, await install(client.source, join(folder, client.name)))
  } catch (error) {
    return { client, version: '', lanes: [], result: `not run: ${(error as Error).message}` }
  }
}
