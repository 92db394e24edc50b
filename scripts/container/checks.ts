import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { parse } from 'yaml'

import { message } from '../../test/support/answers.ts'
import { makeGate } from '../../test/support/gate.ts'
import { textMessage } from '../../test/support/messages.ts'
import { type Standin, startStandin } from '../../test/support/standin.ts'
import { isMap } from '../values.ts'
import { podmanOptions } from './compose.ts'
import type { Store } from './store.ts'

const KEY = 'made-up-key-of-the-check'
const PROXY = 'http://127.0.0.1:42069'

type Scene = { image: string; store: Store; standin: Standin; tell: (line: string) => void }

/**
 * Runs the image with the settings of docker-compose.yml, and checks that it works and is
 * unprivileged.
 *
 * The network is that of this process, which should have only loopback.
 *
 * @param tell receives a line for each passed check
 * @throws Error at the first check that fails
 */
export async function checkImage(
  image: string,
  store: Store,
  tell: (line: string) => void,
): Promise<void> {
  const standin = await startStandin()
  const scene = { image, store, standin, tell }
  try {
    await checkRights(scene)
    await checkWork(scene)
    await checkRestart(scene)
    await checkOtherUser(scene)
    await checkWithoutKey(scene)
  } finally {
    await store.podman('rm', '--all', '--force', '--time', '0')
    await standin.close()
  }
}

async function checkRights(scene: Scene): Promise<void> {
  const { store, tell } = scene
  const since = performance.now()
  await start(scene, 'first')
  const started = Math.round(performance.now() - since)
  tell(`started as docker-compose.yml says; it serves after ${started} ms`)
  const line = JSON.parse(firstLine(await store.logs('first'))) as { login: string }
  expect('login', line.login, 'API key')

  await store.podman('healthcheck', 'run', 'first')
  tell('the health check of the image passes')

  expect('user', await inside(scene, 'first', 'id -u'), '1000')
  const status = await inside(scene, 'first', 'cat /proc/1/status')
  expect('capabilities', /^CapEff:\s*(\w+)/m.exec(status)?.[1], '0000000000000000')
  expect('capabilities to be had', /^CapBnd:\s*(\w+)/m.exec(status)?.[1], '0000000000000000')
  expect('no new privileges', /^NoNewPrivs:\s*(\d)/m.exec(status)?.[1], '1')
  tell('it is user 1000, without capabilities, and can get none')

  for (const folder of ['/', '/app', '/usr/local/bin', '/home/node']) {
    const outcome = await inside(scene, 'first', `touch ${folder}/x 2>&1 || true`)
    expect(`writing into ${folder}`, outcome.includes('Read-only file system'), true)
  }
  for (const folder of ['/tmp', '/state', '/home/node/.claude']) {
    await inside(scene, 'first', `touch ${folder}/x && rm ${folder}/x`)
  }
  tell('the file system is read-only but for /tmp, /state and /home/node/.claude')
}

async function checkWork(scene: Scene): Promise<void> {
  const { store, standin, tell } = scene
  expect('status without the key', (await ask('Hi.', 'another-key')).status, 401)
  const answered = await ask('Hi.')
  expect('status', answered.status, 200)
  expect('requests to the API', standin.messages.length, 1)
  tell('a request with the key is answered by the real runtime, one without it is not')

  const gate = makeGate()
  standin.answer = async () => {
    await gate.pass()
    return message(textMessage('After the signal.'))
  }
  const arrived = standin.nextMessage()
  const late = ask('Take your time.')
  await arrived
  const stopped = store.podman('stop', 'first')
  await until('the server says that it stops', async () =>
    (await store.logs('first')).includes('Stopping'),
  )
  gate.open()
  expect('status of the request in flight', (await late).status, 200)
  await stopped
  const code = await store.podman('inspect', '--format', '{{.State.ExitCode}}', 'first')
  expect('exit code', code, '0')
  tell('SIGTERM: the request in flight is answered, then it ends with exit code 0')
}

async function checkRestart(scene: Scene): Promise<void> {
  const before = scene.standin.messages.length
  await start(scene, 'second')
  const response = await fetch(`${PROXY}/v1/usage`, { headers: { 'x-api-key': KEY } })
  const { days } = (await response.json()) as { days?: { requests: number }[] }
  expect('requests of the day', days?.[0]?.requests, before)
  scene.tell('a new container with the same volume knows the requests of the day')
  await scene.store.podman('stop', 'second')
}

async function checkOtherUser(scene: Scene): Promise<void> {
  await start(scene, 'third', { PROXY_USER: '4711:4711', CLAUDE_FOLDER: 'other' })
  expect('user', await inside(scene, 'third', 'id -u'), '4711')
  expect('status', (await ask('Hi.')).status, 200)
  scene.tell('as another user (PROXY_USER=4711:4711) it answers too')
  await scene.store.podman('stop', 'third')
}

async function checkWithoutKey({ image, store, standin, tell }: Scene): Promise<void> {
  const options = ['--name', 'fourth', '--network', 'host', ...LIMITS, ...loginOf(standin)]
  await store.podman('run', '--detach', ...options, image)
  await untilItServes(store, 'fourth')
  const line = firstLine(await store.logs('fourth'))
  const { warnings = [] } = JSON.parse(line) as { warnings?: string[] }
  expect('warning', warnings[0]?.includes('listens only inside this container'), true)
  await store.podman('stop', 'fourth')
  tell('without a key it listens on loopback only, and says so')
}

/** Options that this machine may refuse; the health check is run directly. */
const LIMITS = [
  '--ulimit',
  'nofile=4096:4096',
  '--ulimit',
  'nproc=4096:4096',
  '--health-interval',
  'disable',
]

async function start(
  { image, store, standin }: Scene,
  name: string,
  values: Record<string, string> = {},
): Promise<void> {
  const compose: unknown = parse(readFileSync('docker-compose.yml', 'utf8'))
  const services = isMap(compose) ? compose['services'] : undefined
  const service = isMap(services) ? services['claude-sub-proxy'] : undefined
  const options = podmanOptions(service, { CSP_PROXY_API_KEY: KEY, ...values })
  const login = loginOf(standin)
  await store.podman(
    'run',
    '--detach',
    '--name',
    name,
    '--network',
    'host',
    ...LIMITS,
    ...options,
    ...login,
    image,
  )
  await untilItServes(store, name)
}

function loginOf({ url }: Standin): string[] {
  const key = 'sk-ant-api03-made-up-for-the-check'
  return ['--env', `ANTHROPIC_BASE_URL=${url}`, '--env', `ANTHROPIC_API_KEY=${key}`]
}

async function inside({ store }: Scene, name: string, command: string): Promise<string> {
  return store.podman('exec', name, 'sh', '-c', command)
}

async function untilItServes(store: Store, name: string): Promise<void> {
  await until(`${name} serves`, async () => (await store.logs(name)).includes('"msg":"serving"'))
}

function firstLine(text: string): string {
  return text.split('\n').find((line) => line.startsWith('{')) ?? '{}'
}

async function ask(text: string, key = KEY): Promise<Response> {
  return fetch(`${PROXY}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify({
      model: 'claude-sonnet-4-6',
      max_tokens: 100,
      messages: [{ role: 'user', content: text }],
    }),
  })
}

/** Looks every tenth of a second, for at most half a minute. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`Not within half a minute: ${what}`)
    await setTimeout(100)
  }
}

function expect(what: string, got: unknown, expected: unknown): void {
  if (got !== expected) {
    throw new Error(`${what}: ${JSON.stringify(expected)} was expected, not ${JSON.stringify(got)}`)
  }
}
