import { accessSync, constants, statSync } from 'node:fs'
import { connect } from 'node:net'
import { cpus } from 'node:os'
import { dirname, join, resolve } from 'node:path'

import type { CommandFlag } from '../config/command-line.ts'
import { ConfigError } from '../config/config-error.ts'
import type { Environment } from '../config/environment.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { Machine } from '../config/machine.ts'
import type { Config } from '../config/config.ts'
import { isOwnAddress } from '../config/own-address.ts'
import { readKeyFile } from '../config/environment.ts'
import { keysIn } from '../config/keys/keys-text.ts'
import { resolveConfig } from '../config/resolve.ts'
import { stateFolderOf } from '../config/state-folder.ts'
import { inspectRuntime } from '../inspect.ts'
import type { ApiState, Facts, KeyFileState, Reached, TurnState } from './facts.ts'
import { homeFolder } from './home-folder.ts'
import { lookAtPort } from './look-at-port.ts'
import { createQuietProxy } from './quiet-proxy.ts'

export type DoctorInput = {
  /** Loads the configuration; throws ConfigError if it can't be used. */
  load: () => LoadedConfig
  machine: Machine
  env: Environment
  flags: readonly CommandFlag[]
}

/** Gathers the facts for `doctor`. Nothing goes to the network unless a flag requests it. */
export async function gatherFacts(
  { load, machine, env, flags }: DoctorInput,
  signal: AbortSignal,
): Promise<Facts> {
  const configuration = loadOrExplain(load, machine)
  const { config } = configuration
  const [runtime, port, api] = await Promise.all([
    inspectRuntime(config.claudePath, env),
    lookAtPort(config),
    lookAtApi(config, env, flags.includes('online')),
  ])
  const stateFolder = config.stateFolder ?? stateFolderOf(env, process.platform)
  const loginFolder = env['CLAUDE_CONFIG_DIR'] || join(homeFolder(env, process.platform), '.claude')
  return {
    nodeVersion: process.versions.node,
    cpuModel: cpus()[0]?.model ?? '',
    isContainer: machine.container,
    configuration,
    runtime,
    variables: new Set(Object.keys(env).filter((name) => env[name])),
    port,
    state: stateFolder === undefined ? undefined : { folder: stateFolder, ...writing(stateFolder) },
    loginFolder: {
      path: loginFolder,
      isThere: statSync(loginFolder, { throwIfNoEntry: false }) !== undefined,
      isWritable: writing(loginFolder).problem === undefined,
    },
    keyFile: config.keys === undefined ? undefined : await lookAtKeys(config.keys),
    api,
    turn: flags.includes('turn') ? await takeTurn(config, env, signal) : undefined,
  }
}

function loadOrExplain(load: () => LoadedConfig, machine: Machine): Facts['configuration'] {
  try {
    return load()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const config = resolveConfig({}, machine)
    const { warnings, problems } = error
    return { config, warnings, file: undefined, problem: problems.join('; ') }
  }
}

async function lookAtKeys(path: string): Promise<KeyFileState> {
  const nothing = { path, count: 0, readable: 0, isOpen: false }
  try {
    const text = await readKeyFile(path)
    if (text === undefined) return { ...nothing, problem: `there is no file ${path}` }
    const keys = keysIn(text, path)
    if (keys.length === 0) return { ...nothing, problem: `there is no key in ${path}` }
    const isOpen = process.platform !== 'win32' && (statSync(path).mode & 0o004) !== 0
    const readable = keys.filter((key) => key.text !== undefined).length
    return { path, count: keys.length, readable, isOpen }
  } catch (error) {
    if (error instanceof ConfigError) return { ...nothing, problem: error.problems.join('; ') }
    const { code, message } = error as NodeJS.ErrnoException
    return { ...nothing, problem: `${path} can't be read: ${code ?? message}` }
  }
}

/** Whether a folder can be written, or created if it does not exist; the system's code if not. */
function writing(folder: string): { problem?: string } {
  let path = resolve(folder)
  try {
    while (statSync(path, { throwIfNoEntry: false }) === undefined) path = dirname(path)
    if (!statSync(path).isDirectory()) return { problem: 'ENOTDIR' }
    accessSync(path, constants.W_OK | constants.X_OK)
    return {}
  } catch (error) {
    return { problem: (error as NodeJS.ErrnoException).code ?? 'unknown error' }
  }
}

async function lookAtApi(config: Config, env: Environment, isAsked: boolean): Promise<ApiState> {
  const address = env['ANTHROPIC_BASE_URL']
  const isOwn = isOwnAddress(config.port, address)
  const url = address && URL.canParse(address) && !isOwn ? address : 'https://api.anthropic.com'
  const { origin } = new URL(isOwn && address ? address : url)
  return { origin, isOwn, reached: isAsked ? await reach(new URL(url), env) : undefined }
}

/** Asks without a key, because any answer is enough. */
async function reach(url: URL, env: Environment): Promise<Reached> {
  const since = performance.now()
  const proxy = proxyFor(url, env)
  // A timer that keeps this program alive: see askServer.
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), 10_000)
  try {
    if (proxy !== undefined) {
      await connectTo(proxy)
      return { kind: 'by proxy', proxy: proxy.origin }
    }
    const { status } = await fetch(url.origin, {
      redirect: 'manual',
      signal: patience.signal,
    })
    return { kind: 'answered', status, milliseconds: Math.round(performance.now() - since) }
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error), ...(proxy && { proxy: proxy.origin }) }
  } finally {
    clearTimeout(timer)
  }
}

function proxyFor(url: URL, env: Environment): URL | undefined {
  const either = (name: string): string | undefined => env[name] || env[name.toLowerCase()]
  const proxy = either(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY')
  const exempt = (either('NO_PROXY') ?? '').split(/[\s,]+/).filter((host) => host !== '')
  const isExempt = exempt.some(
    (host) =>
      host === '*' || url.hostname === host || url.hostname.endsWith(`.${host.replace(/^\./, '')}`),
  )
  return proxy && URL.canParse(proxy) && !isExempt ? new URL(proxy) : undefined
}

function connectTo({ hostname, port, protocol }: URL): Promise<void> {
  return new Promise((settle, fail) => {
    const socket = connect({
      host: hostname,
      port: Number(port || (protocol === 'https:' ? 443 : 80)),
      timeout: 10_000,
    })
    socket.once('timeout', () => socket.destroy(new Error('timeout')))
    socket.once('error', fail)
    socket.once('connect', () => {
      socket.destroy()
      settle()
    })
  })
}

function reasonOf(error: unknown): string {
  const { cause, name } = error as { cause?: { code?: string; message?: string }; name?: string }
  const { code } = error as NodeJS.ErrnoException
  return (
    cause?.code ?? (typeof code === 'string' ? code : undefined) ?? cause?.message ?? name ?? ''
  )
}

/** Sends the default model a short request, like a client. */
async function takeTurn(config: Config, env: Environment, signal: AbortSignal): Promise<TurnState> {
  const since = performance.now()
  try {
    const proxy = await createQuietProxy(config, env, signal)
    try {
      const { url } = await proxy.listen()
      const response = await fetch(`${url}/v1/messages`, {
        method: 'POST',
        signal,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          max_tokens: 16,
          messages: [{ role: 'user', content: 'Say hello in one word.' }],
        }),
      })
      const body = (await response.json()) as { model?: string; error?: { message?: string } }
      const milliseconds = Math.round(performance.now() - since)
      return response.ok
        ? { kind: 'answered', model: body.model ?? '', milliseconds }
        : { kind: 'failed', status: response.status, message: body.error?.message ?? '' }
    } finally {
      await proxy.close()
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { kind: 'failed', status: undefined, message }
  }
}
