import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import type { Message, RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { createProxy, type Proxy } from '../../src/proxy.ts'
import { message } from '../support/answers.ts'
import { buildOnce } from '../support/command.ts'
import { textMessage } from '../support/messages.ts'
import { makeSandbox, type Sandbox } from '../support/sandbox.ts'
import { type Standin, startStandin } from '../support/standin.ts'
import { codeBlocks } from './markdown.ts'

const run = promisify(execFile)

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const README = read('README.md')
const CLIENTS = read('docs/clients.md')
const LIBRARY = read('docs/library.md')
const ADDRESS = 'http://localhost:42069'
const QUESTION = 'Say hello.'

const [python = ''] = codeBlocks(CLIENTS, 'python')
const [client = ''] = codeBlocks(CLIENTS, 'ts')
const [library = ''] = codeBlocks(LIBRARY, 'ts')
const [whole = ''] = curls(README)
const [streamed = ''] = curls(CLIENTS)

let standin: Standin
let sandbox: Sandbox
let proxy: Proxy
let url: string

beforeAll(async () => {
  standin = await startStandin()
  sandbox = makeSandbox(standin.url)
  proxy = await createProxy({ env: sandbox.env, host: '127.0.0.1', port: 0, maxProcesses: 1 })
  ;({ url } = await proxy.listen())
})

afterAll(async () => {
  await proxy?.close()
  await standin?.close()
  sandbox?.remove()
})

beforeEach(() => standin.reset())

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8')
}

function curls(text: string): string[] {
  return codeBlocks(text, 'sh').filter((block) => block.startsWith('curl '))
}

/** An example that asks the proxy of this test. */
function pointed(example: string): string {
  expect(example).toContain(ADDRESS)
  return example.replaceAll(ADDRESS, url)
}

/** The last text of each request upstream. */
function questions(): unknown[] {
  return standin.messages.map(({ body }) => {
    const content = body.messages.at(-1)?.content
    const last = typeof content === 'string' ? undefined : content?.at(-1)
    return last?.type === 'text' ? last.text : content
  })
}

function exists(command: string): boolean {
  return spawnSync(command, ['--version']).status === 0
}

/** A project with this package and its dependencies installed, and a source for each example. */
function makeProject(examples: Record<string, string>): string {
  const folder = join(sandbox.folder, 'project')
  const modules = join(folder, 'node_modules')
  mkdirSync(modules, { recursive: true })
  symlinkSync(ROOT, join(modules, 'claude-sub-proxy'))
  for (const scope of ['@anthropic-ai', '@types']) {
    symlinkSync(join(ROOT, 'node_modules', scope), join(modules, scope))
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions: { noEmit: false, rootDir: '.', outDir: 'out' },
      include: ['*.ts'],
    }),
  )
  for (const [name, source] of Object.entries(examples)) {
    writeFileSync(join(folder, `${name}.ts`), source)
  }
  return folder
}

function runCurl(example: string): Promise<{ stdout: string }> {
  return run('sh', ['-ec', pointed(example)], { env: { PATH: sandbox.env['PATH'] } })
}

describe('the TypeScript of docs/clients.md and docs/library.md', () => {
  let project: string

  beforeAll(async () => {
    await buildOnce()
    project = makeProject({ client: pointed(client), library })
    // The compiler prints its errors to stdout.
    await run('npx', ['tsc', '-p', project], { cwd: ROOT }).catch((error: { stdout?: string }) => {
      throw new Error(`The examples do not compile:\n${error.stdout}`, { cause: error })
    })
  })

  test('prints a whole reply, and a streamed one', async () => {
    standin.reply(message(textMessage('Hello, whole.')))
    standin.reply(message(textMessage('Hello, streamed.')))

    const { stdout } = await run(process.execPath, [join(project, 'out/client.js')], { env: {} })

    expect(stdout).toBe('Hello, whole.\nHello, streamed.')
    expect(questions()).toEqual([QUESTION, QUESTION])
  })

  test('works without a port, as a library, and ends', async () => {
    standin.reply(message(textMessage('Hello, library.')))

    const { stdout } = await run(process.execPath, [join(project, 'out/library.js')], {
      env: sandbox.env,
    })

    expect(stdout).toContain("text: 'Hello, library.'")
    expect(questions()).toEqual([QUESTION])
  })
})

describe.skipIf(!exists('curl'))('the curl of README.md and docs/clients.md', () => {
  test('gets a whole message', async () => {
    standin.reply(message(textMessage('Hello, whole.')))

    const reply = JSON.parse((await runCurl(whole)).stdout) as Message

    expect(reply.content).toMatchObject([{ type: 'text', text: 'Hello, whole.' }])
    expect(questions()).toEqual([QUESTION])
  })

  test('gets the events of a stream', async () => {
    standin.reply(message(textMessage('Hello, streamed.')))

    const { stdout } = await runCurl(streamed)

    const events = [...stdout.matchAll(/^data: (.*)$/gm)].map(
      ([, data = '']) => JSON.parse(data) as RawMessageStreamEvent,
    )
    const deltas = events.map((event) => (event.type === 'content_block_delta' ? event.delta : {}))
    const text = deltas.map((delta) => ('text' in delta ? delta.text : '')).join('')
    expect(text).toBe('Hello, streamed.')
    expect(events.at(-1)).toEqual({ type: 'message_stop' })
    expect(questions()).toEqual([QUESTION])
  })
})

describe.skipIf(!exists('python3'))('the Python of docs/clients.md', () => {
  test('is Python', async () => {
    const file = join(sandbox.folder, 'client.py')
    writeFileSync(file, pointed(python))

    await run('python3', ['-m', 'py_compile', file], { env: { PATH: sandbox.env['PATH'] } })
  })
})
