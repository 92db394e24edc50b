import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { createProxy, type Proxy } from '../../../src/proxy.ts'
import { message } from '../../support/answers.ts'
import { buildOnce } from '../../support/command.ts'
import { startCollector } from '../../support/collector.ts'
import { textMessage } from '../../support/messages.ts'
import { compile, copyExamples, makePackedProject, ROOT } from '../../support/project.ts'
import { makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'

const run = promisify(execFile)

let standin: Standin
let sandbox: Sandbox
let project: string
let proxy: Proxy
let clientEnv: Record<string, string>

beforeAll(async () => {
  standin = await startStandin()
  sandbox = makeSandbox(standin.url)
  project = join(sandbox.folder, 'project')
  await buildOnce()
  await makePackedProject(project)
  copyExamples(project)
  await compile(project)
  proxy = await createProxy({
    env: sandbox.env,
    host: '127.0.0.1',
    port: 0,
    stateFolder: join(sandbox.folder, 'state'),
  })
  const { url } = await proxy.listen()
  clientEnv = {
    PATH: sandbox.env['PATH'] ?? '',
    ANTHROPIC_BASE_URL: url,
    OPENAI_BASE_URL: `${url}/v1`,
  }
})

afterAll(async () => {
  await proxy?.close()
  await standin?.close()
  sandbox?.remove()
})

beforeEach(() => {
  standin.reset()
  for (const text of ['Hello, first.', 'Hello, second.']) standin.reply(message(textMessage(text)))
})

async function output(name: string, env: Record<string, string>): Promise<string> {
  const { stdout } = await run(process.execPath, [join(project, name)], { cwd: project, env })
  return stdout
}

function isThere(command: string): boolean {
  return spawnSync(command, ['--version']).status === 0
}

describe('an example, as the client of a server,', () => {
  test("works: Anthropic's client", async () => {
    expect(await output('out/anthropic-client.js', clientEnv)).toBe('Hello, first.\n55 tokens\n')
  })

  test('works: batches', async () => {
    const printed = await output('out/batches.js', clientEnv)
    const [counts, ...lines] = printed.trimEnd().split('\n')
    expect(counts).toBe('2 of 2')
    // Their order is not defined.
    expect(lines.map((line) => line.slice(0, 8))).toEqual(['review-0', 'review-1'])
    const texts = lines.map((line) => line.slice(9)).toSorted()
    expect(texts).toEqual(['Hello, first.', 'Hello, second.'])
  })

  test("works: OpenAI's client", async () => {
    expect(await output('out/openai-client.js', clientEnv)).toBe('Hello, first.\nHello, second.\n')
    expect(standin.messages).toHaveLength(2)
  })

  test('works: the AI SDK', async () => {
    expect(await output('out/vercel-ai-sdk.js', clientEnv)).toBe('Hello, first.\nHello, second.\n')
  })

  test.skipIf(!isThere('curl'))('works: curl', async () => {
    const { stdout } = await run('sh', [join(project, 'curl.sh')], { env: clientEnv })
    expect(stdout).toContain('"text":"Hello, first."')
    expect(stdout).toContain('event: message_stop')
  })

  const python = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.py'))
  test.skipIf(!isThere('python3')).each(python)('in %s is valid Python', async (name) => {
    const read = 'import ast, sys; ast.parse(open(sys.argv[1]).read())'
    await run('python3', ['-c', read, join(project, name)], { env: clientEnv })
  })
})

describe('an example, in a program of its own, from the packed tarball', () => {
  test('gets a package with all it needs, and without sources or tests', () => {
    const installed = join(project, 'node_modules', 'claude-sub-proxy')
    for (const name of ['dist/index.d.ts', 'bin/claude-sub-proxy.js', 'assets/page', 'LICENSE']) {
      expect(existsSync(join(installed, name)), name).toBe(true)
    }
    expect(readdirSync(installed)).not.toContain('src')
    const files = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' })
    expect(files.filter((name) => name.includes('.test.'))).toEqual([])
  })

  test('works: the command of the package', async () => {
    const main = join(project, 'node_modules/claude-sub-proxy/bin/claude-sub-proxy.js')
    const { stdout } = await run(process.execPath, [main, '--version'], { env: {} })
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  test('works: library.ts', async () => {
    expect(await output('out/library.js', sandbox.env)).toBe('Hello, first.\n')
  })

  test('works: commonjs.cjs', async () => {
    expect(await output('commonjs.cjs', sandbox.env)).toBe('Hello, first.\n')
  })

  test.each(['node16', 'nodenext'])('finds the types in CommonJS with module %s', async (name) => {
    writeFileSync(
      join(project, 'types.cts'),
      `import { createProxy, type Proxy } from 'claude-sub-proxy'
       export const proxy: Promise<Proxy> = createProxy({ port: 0 })
       // @ts-expect-error a port is a number
       export const wrong = createProxy({ port: 'any' })\n`,
    )
    const compiler = join(ROOT, 'node_modules/.bin/tsc')
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--types', 'node', '--module', name]
    await run(compiler, [...options, 'types.cts', '--ignoreConfig'], { cwd: project }).catch(
      (error: unknown) => {
        throw new Error(`It does not compile:\n${(error as { stdout?: string }).stdout}`, {
          cause: error,
        })
      },
    )
  })

  test.each(['out/hono.js', 'express.js'])(
    'works: %s with the proxy beside its own routes',
    async (name) => {
      const child = spawn(process.execPath, [join(project, name)], {
        cwd: project,
        env: { ...sandbox.env, PORT: '0' },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      try {
        const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
        const own = await fetch(new URL('/hello', line))
        expect(await own.text()).toBe('mine')
        const reply = await fetch(`${line}/v1/messages`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }),
        })
        expect(await reply.json()).toMatchObject({ content: [{ text: 'Hello, first.' }] })
      } finally {
        child.kill('SIGTERM')
        await once(child, 'close')
      }
    },
  )

  test('works: telemetry.mjs sends a span of each turn, and metrics, to a collector', async () => {
    const collector = await startCollector()
    const main = join(project, 'node_modules/claude-sub-proxy/bin/claude-sub-proxy.js')
    const child = spawn(process.execPath, ['--import', './telemetry.mjs', main, '--port', '0'], {
      cwd: project,
      env: { ...sandbox.env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
      const { url } = JSON.parse(line) as { url: string }
      const reply = await fetch(`${url}/v1/messages`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        },
        body: JSON.stringify({
          max_tokens: 9,
          system: 'A secret system prompt.',
          messages: [{ role: 'user', content: 'A secret question.' }],
        }),
      })
      expect(await reply.json()).toMatchObject({ content: [{ text: 'Hello, first.' }] })
      // The SDK's buffered data is sent before the proxy ends.
      child.kill('SIGTERM')
      await once(child, 'close')

      const [span] = collector.spans
      expect(collector.spans).toHaveLength(1)
      expect(span).toMatchObject({
        traceId: '0af7651916cd43dd8448eb211c80319c',
        parentSpanId: 'b7ad6b7169203331',
        attributes: {
          'gen_ai.response.id': expect.stringMatching(/^msg_/) as string,
          'claude_sub_proxy.request.id': reply.headers.get('request-id'),
          'claude_sub_proxy.upstream.request.id': expect.stringMatching(/^req_/) as string,
          'claude_sub_proxy.lane': 'open',
          'claude_sub_proxy.worker.pid': expect.any(Number) as number,
        },
      })
      expect(collector.metricNames).toEqual(
        new Set([
          'gen_ai.client.operation.duration',
          'gen_ai.client.operation.time_to_first_chunk',
          'gen_ai.client.token.usage',
        ]),
      )
      expect(collector.text).not.toMatch(/secret|Hello/)
    } finally {
      child.kill('SIGKILL')
      await collector.close()
    }
  })

  test('works: the route of Next.js with its handlers', async () => {
    const route = pathToFileURL(join(project, 'out/nextjs/app/v1/[...path]/route.js')).href
    const script = `
      const { POST } = await import(${JSON.stringify(route)})
      const body = JSON.stringify({ max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] })
      const reply = await POST(new Request('http://localhost:3000/v1/messages', { method: 'POST', body }))
      console.log((await reply.json()).content[0].text)
      await (await globalThis.claudeProxy).close()`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
      cwd: project,
      env: sandbox.env,
    })
    expect(stdout).toBe('Hello, first.\n')
  })
})
