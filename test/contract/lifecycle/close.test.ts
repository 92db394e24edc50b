import { leftIn, makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execFile } from 'node:child_process'

import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'

import { Deferred } from '../../../src/deferred.ts'
import { createProxy, type ProxyOptions } from '../../../src/proxy.ts'
import { events, hang, message } from '../../support/answers.ts'
import { buildOnce, runtimesIn } from '../../support/command.ts'
import { eventsOf } from '../../support/events.ts'
import { makeGate } from '../../support/gate.ts'
import { textMessage, toolUseMessage } from '../../support/messages.ts'
import { waitUntilGone } from '../../support/processes.ts'
import { type Standin, startStandin } from '../../support/standin.ts'
import { LONGEST_WAIT, until } from '../../support/until.ts'
import { type Bench, LOOK, openBench, settled, textOf, user } from './bench.ts'

const STOPPING: unknown = expect.stringContaining('stopping')

const benches: Bench[] = []

afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.remove()))
})

async function open(options: ProxyOptions = {}): Promise<Bench> {
  const bench = await openBench({ maxProcesses: 1, ...options })
  benches.push(bench)
  return bench
}

/** Makes the next reply wait, by default after its first words. */
function gateReply({ standin }: Bench, text: string, begun = 3) {
  const gate = makeGate()
  const all = eventsOf(textMessage(text))
  standin.reply(events([...all.slice(0, begun), gate.pass, ...all.slice(begun)]))
  return gate
}

describe('close()', () => {
  test('ends every process, idle and held; later requests and listen() are refused', async () => {
    const bench = await open({ maxProcesses: 2 })
    const { proxy, ask } = bench
    const [first, second] = await Promise.all([proxy.listen(), proxy.listen()])
    expect(second).toEqual(first)
    expect(await proxy.listen()).toEqual(first)
    expect((await fetch(`${first.url}/health`)).status).toBe(200)
    bench.standin.reply(message(toolUseMessage([{ id: 'toolu_1', name: 'look', input: {} }])))
    expect(await ask({ messages: [user('Look')], tools: [LOOK] })).toMatchObject({
      body: { stop_reason: 'tool_use' },
    })
    await ask('Hello')
    expect(bench.runtimes()).not.toEqual([])

    // It may be called again, at once and later.
    await Promise.all([proxy.close(), proxy.close()])
    await proxy.close()

    expect(bench.runtimes()).toEqual([])
    await expect(fetch(`${first.url}/health`)).rejects.toThrow('fetch failed')
    await expect(proxy.listen()).rejects.toThrow('closed')
    const { status, headers, body } = await ask('Hello')
    expect(status).toBe(529)
    expect(headers.get('retry-after')).toBe('5')
    expect(body.error).toMatchObject({ type: 'overloaded_error', message: STOPPING })
  })

  test('waits for a streamed reply, and for a request in line', async () => {
    const bench = await open()
    const gate = gateReply(bench, 'first')
    const first = await bench.stream('One')
    await bench.standin.waitFor(1)
    const second = bench.ask('Two')
    await settled()

    const closed = bench.proxy.close()
    gate.open()

    const text = await first.text()
    expect(text).toContain('end_turn')
    expect(text).not.toContain('"error"')
    expect(textOf(await second)).toBe('Hello from the stand-in.')
    await closed
    expect(bench.runtimes()).toEqual([])
  })

  test('waits for a whole reply whose first event is still to come', async () => {
    const bench = await open()
    const gate = gateReply(bench, 'The whole of it.', 0)
    const asked = bench.ask('Hello')
    await bench.standin.waitFor(1)

    const closed = bench.proxy.close()
    gate.open()

    expect(textOf(await asked)).toBe('The whole of it.')
    await closed
    expect(bench.runtimes()).toEqual([])
  })

  test('waits for a request whose process is just starting', async () => {
    const bench = await open()
    const [warm] = bench.runtimes()
    if (warm !== undefined) process.kill(warm, 'SIGKILL')
    await expect.poll(() => bench.log.text()).toContain('worker ended')
    const asked = bench.ask('Hello')
    await expect.poll(() => bench.processes('starting')).toBe(1)

    await bench.proxy.close()

    expect(textOf(await asked)).toBe('Hello from the stand-in.')
  })

  test('waits for a token count', async () => {
    const bench = await open()
    const counting = new Deferred<void>()
    const gate = makeGate()
    bench.standin.countAnswer = async () => {
      counting.resolve()
      await gate.pass()
      return undefined
    }
    const counted = bench.proxy.fetch('http://localhost/v1/messages/count_tokens', {
      method: 'POST',
      body: JSON.stringify({ model: 'claude-sonnet-4-6', messages: [user('Hello')] }),
    })
    await counting.promise

    const closed = bench.proxy.close()
    gate.open()

    const response = await counted
    expect(await response.json()).toEqual({ input_tokens: expect.any(Number) })
    await closed
    expect(bench.runtimes()).toEqual([])
  })

  test('waits for shutdownTimeout at most: replies and waiting requests end with an error', async () => {
    const bench = await open({ maxProcesses: 2, shutdownTimeout: 50, queueTimeout: 600_000 })
    bench.standin.answer = () => events([...eventsOf(textMessage('Half')).slice(0, 3), hang()])
    const streamed = await bench.stream('Hello')
    const asked = bench.ask('Hello too')
    await bench.standin.waitFor(2)
    const inLine = bench.ask('And hello')
    await settled()

    await bench.proxy.close()

    const text = await streamed.text()
    expect(text).toMatch(/^event: error\ndata: .*"overloaded_error".*stopping/m)
    expect(text).not.toContain('message_stop')
    for (const reply of await Promise.all([asked, inLine])) {
      expect(reply).toMatchObject({ status: 529, body: { error: { message: STOPPING } } })
    }
    expect(bench.runtimes()).toEqual([])
  })
})

/** A sandbox without a proxy, and the stand-in that its runtime would call. */
async function makePlace(): Promise<{ standin: Standin; sandbox: Sandbox }> {
  const standin = await startStandin()
  const sandbox = makeSandbox(standin.url)
  onTestFinished(async () => {
    await standin.close()
    sandbox.remove()
  })
  return { standin, sandbox }
}

test('an aborted start leaves no process and no folder', async () => {
  const { standin, sandbox } = await makePlace()
  const temporary = join(sandbox.folder, 'tmp')
  vi.stubEnv('TMPDIR', temporary)
  onTestFinished(() => void vi.unstubAllEnvs())
  const leaving = new AbortController()
  const reason = new Error('made up')
  const started = createProxy({ env: sandbox.env, signal: leaving.signal })
  const isRejected = expect(started).rejects.toBe(reason)
  await until(() => runtimesIn(sandbox.folder).length > 0)
  leaving.abort(reason)
  await isRejected
  await waitUntilGone(runtimesIn(sandbox.folder))
  expect(leftIn(temporary)).toEqual([])
  expect(standin.requests).toEqual([])
})

/** Milliseconds: the proxy would wait longer for a reply in flight than the program may take. */
const LONGER = 2 * LONGEST_WAIT

/** Runs a program that embeds the proxy (as `proxy`) to its end. @returns its output */
async function embed(sandbox: Sandbox, program: string): Promise<string> {
  await buildOnce()
  const script = join(sandbox.folder, 'embed.mjs')
  const library = new URL('../../../dist/index.js', import.meta.url).href
  writeFileSync(
    script,
    `import { createProxy } from ${JSON.stringify(library)}
     const proxy = await createProxy({ port: 0, host: '127.0.0.1', shutdownTimeout: ${LONGER} })
     const hello = (fields) => ({
       method: 'POST',
       body: JSON.stringify({ max_tokens: 9, messages: [{ role: 'user', content: 'Hello' }], ...fields }),
     })
     ${program}
     await proxy.close()
     console.log('closed')`,
  )
  return new Promise<string>((resolve, reject) => {
    const { env, workFolder: cwd } = sandbox
    execFile(
      process.execPath,
      [script],
      { env, cwd, timeout: LONGEST_WAIT },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${stdout}${stderr}`, { cause: error }))
        else resolve(stdout + stderr)
      },
    )
  })
}

test('a program that embeds the proxy ends by itself after close(), although it did not read all streams', async () => {
  const { standin, sandbox } = await makePlace()
  const output = await embed(
    sandbox,
    `const { url } = await proxy.listen()
     for (const ask of [proxy.fetch, fetch]) {
       const response = await ask(url + '/v1/messages', hello())
       const { content } = await response.json()
       console.log(response.status, content[0].text)
     }
     const dropped = await proxy.fetch(url + '/v1/messages', hello({ stream: true }))
     const half = await proxy.fetch(url + '/v1/messages', hello({ stream: true }))
     await half.body.getReader().read()
     const usage = await proxy.fetch(url + '/v1/usage/stream')
     const head = await proxy.fetch(url + '/v1/usage/stream', { method: 'HEAD' })
     console.log(dropped.status, half.status, usage.status, head.status)`,
  )
  const line = '200 Hello from the stand-in.\n'
  // If one of them were still in flight, it would wait longer than its time limit.
  expect(output).toBe(`${line}${line}200 200 200 200\nclosed\n`)
  expect(standin.messages.length).toBeGreaterThanOrEqual(3)
  await waitUntilGone(runtimesIn(sandbox.folder))
  expect(leftIn(join(sandbox.folder, 'tmp'))).toEqual([])
})
