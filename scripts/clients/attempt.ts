import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { createProxy } from '../../src/proxy.ts'
import { makeSandbox, SUBSCRIPTION_LOGIN } from '../../test/support/sandbox.ts'
import { type Standin, startStandin } from '../../test/support/standin.ts'
import { recordTurns } from '../../test/support/turns.ts'
import type { Attempt, ClientProgram, Installed } from './client-program.ts'
import { FILE, LINES, play, SAYS, TASK } from './model.ts'

/** A model that binds its thoughts to the conversation before them: the strictest kind. */
const MODEL = 'claude-sonnet-5-5'

/** Milliseconds after which a client is ended. */
const PATIENCE = 180_000

/** Makes other machines unreachable, because nothing listens on that port. */
const NOTHING_OUTSIDE = {
  HTTP_PROXY: 'http://127.0.0.1:1',
  HTTPS_PROXY: 'http://127.0.0.1:1',
  NO_PROXY: 'localhost,127.0.0.1',
}

/** Runs a client once against a proxy of its own, which asks a stand-in that plays the model. */
export async function attempt(client: ClientProgram, installed: Installed): Promise<Attempt> {
  const standin = await startStandin()
  standin.answer = play
  standin.signsThoughts = true
  standin.hasModelRules = true
  const ours = makeSandbox(standin.url, SUBSCRIPTION_LOGIN)
  const theirs = makeSandbox(standin.url)
  const { logger, turns } = recordTurns()
  const proxy = await createProxy({ env: ours.env, host: '127.0.0.1', port: 0, logger })
  try {
    const { url } = await proxy.listen()
    const home = join(theirs.folder, 'home')
    const work = theirs.workFolder
    const { args, env } = client.launch({ home, work, url, model: MODEL, task: TASK })
    const { PATH = '', TMPDIR = '' } = theirs.env
    const end = await runClient([...installed.command, ...args], work, {
      PATH,
      HOME: home,
      TMPDIR,
      ...NOTHING_OUTSIDE,
      ...env,
    })
    return {
      client,
      version: installed.version,
      lanes: turns.map(({ lane }) => lane),
      result: faultIn(end, work, standin) ?? 'right',
      ...(installed.note !== undefined && { note: installed.note }),
    }
  } finally {
    await proxy.close()
    await standin.close()
    ours.remove()
    theirs.remove()
  }
}

type End = { code: number | null; output: string }

async function runClient(
  [file = '', ...args]: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Promise<End> {
  // In its own process group, so that its child processes end with it.
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const timer = setTimeout(() => endGroup(child.pid), PATIENCE)
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, output }
  } finally {
    clearTimeout(timer)
    endGroup(child.pid)
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** The fault after a client's run; undefined if its file, its words and its requests are right. */
function faultIn({ code, output }: End, work: string, standin: Standin): string | undefined {
  const file = join(work, FILE)
  const written = existsSync(file) ? readFileSync(file, 'utf8') : undefined
  if (written === `${LINES.join('\n')}\n` && code === 0 && output.includes(lastWords())) {
    return undefined
  }
  process.stderr.write(`${output}\n`)
  const asked = `${standin.messages.length} requests reached the model`
  const last = output.trim().split('\n').at(-1)?.slice(0, 200) ?? ''
  return `exit code ${code}, ${written === undefined ? 'no file' : 'a file'}, ${asked}: ${last}`
}

function lastWords(): string {
  return `${SAYS} ${LINES.join(' ')}`
}
