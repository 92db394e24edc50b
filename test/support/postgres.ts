import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Client } from 'pg'

import { descendants } from './processes.ts'

/** The folders in which Debian and other systems install the server. */
const FOLDERS = [
  ...versionsIn('/usr/lib/postgresql'),
  '/usr/local/bin',
  '/usr/bin',
  '/opt/homebrew/bin',
]

/** The folder of PostgreSQL's programs; undefined if it is not installed. */
export const POSTGRES_FOLDER = FOLDERS.find((folder) => existsSync(join(folder, 'initdb')))

export type TemporaryPostgres = {
  /** Makes an empty database, and returns its address. */
  makeDatabase: () => Promise<string>
  /** Stops all its processes: it answers nothing any more, but its connections stay open. */
  hang: () => void
  /** Continues them. */
  goOn: () => void
  /** Ends the server as an administrator does, and starts it again on the same port. */
  restart: () => Promise<void>
  stop: () => Promise<void>
}

/** Starts an empty PostgreSQL server on a port of 127.0.0.1. */
export async function startPostgres(): Promise<TemporaryPostgres> {
  const folderOfPrograms = POSTGRES_FOLDER
  if (folderOfPrograms === undefined) throw new Error('PostgreSQL is not installed.')
  const user = ordinaryUser()
  // Only the user of the tests can read their folder.
  const folder = mkdtempSync(join(user === undefined ? tmpdir() : '/tmp', 'postgres-'))
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const options = { cwd: folder, env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' }, ...user }
  execFileSync(
    join(folderOfPrograms, 'initdb'),
    ['-D', data, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--no-instructions'],
    { ...options, stdio: 'pipe' },
  )
  const port = await freePort()
  const start = (): ChildProcess =>
    spawn(
      join(folderOfPrograms, 'postgres'),
      ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', '', '-F'],
      { ...options, stdio: 'ignore' },
    )
  let server = start()
  const end = async (signal: 'SIGINT' | 'SIGQUIT'): Promise<void> => {
    goOn()
    const exited = once(server, 'exit')
    server.kill(signal)
    await exited
  }
  let stopped: number[] = []
  const goOn = (): void => {
    for (const pid of stopped.splice(0)) process.kill(pid, 'SIGCONT')
  }
  const address = (database: string): string => `postgresql://test@127.0.0.1:${port}/${database}`
  await reached(address('postgres'))
  let count = 0
  return {
    async makeDatabase() {
      count += 1
      const client = new Client(address('postgres'))
      await client.connect()
      await client.query(`create database test_${count}`)
      await client.end()
      return address(`test_${count}`)
    },
    hang() {
      const pid = server.pid as number
      // It starts no more processes once it has stopped itself.
      process.kill(pid, 'SIGSTOP')
      stopped = [pid, ...descendants(pid).map((each) => each.pid)]
      for (const each of stopped) process.kill(each, 'SIGSTOP')
    },
    goOn,
    async restart() {
      await end('SIGINT')
      server = start()
      await reached(address('postgres'))
    },
    async stop() {
      await end('SIGQUIT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** PostgreSQL refuses to run as root. */
function ordinaryUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  return { uid: idOf('-u'), gid: idOf('-g') }
}

function idOf(kind: '-u' | '-g'): number {
  return Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }))
}

function versionsIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).map((version) => join(folder, version, 'bin'))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function reached(url: string): Promise<void> {
  const deadline = performance.now() + 20_000
  for (;;) {
    const client = new Client(url)
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      await client.end().catch(() => {})
      if (performance.now() > deadline) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
