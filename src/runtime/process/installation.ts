import { execFile } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'

import { isStartFailure, startFailureReason } from './start-failure.ts'

/** The result of a look at the runtime's executable: it works, or why it does not. */
export type Installation =
  /** `startMilliseconds`: how long it took to say its version. */
  | { path: string; version: string; startMilliseconds: number }
  | { path: string | undefined; problem: InstallationProblem }

export type InstallationProblem =
  /** No package with the executable for this system is installed. */
  | { kind: 'not installed'; package: string }
  | { kind: 'missing' }
  | { kind: 'no file' }
  | { kind: 'not executable' }
  /** Windows starts it only in a shell. */
  | { kind: 'shell script' }
  /** It exists, but the system can't run it, or it exits with an error. */
  | { kind: 'fails'; reason: string }
  /** It runs, but does not report that it is Claude Code. */
  | { kind: 'something else'; printed: string }

/** The properties of a system that are part of the name of the package with the executable. */
export type System = {
  platform: NodeJS.Platform
  /** A value of `process.arch`. */
  arch: string
  /** Linux without the GNU C library, such as Alpine. */
  isMusl: boolean
}

const SDK = '@anthropic-ai/claude-agent-sdk'

/** The packages that may hold the executable, the best fit first, as the SDK looks for them. */
export function packagesFor({ platform, arch, isMusl }: System): readonly [string, ...string[]] {
  if (platform !== 'linux') return [`${SDK}-${platform}-${arch}`]
  const glibc = `${SDK}-linux-${arch}`
  const musl = `${glibc}-musl`
  return isMusl ? [musl, glibc] : [glibc, musl]
}

/** The executable that comes with the SDK; undefined if none is installed for this system. */
export function findExecutable(system: System): string | undefined {
  const resolver = createRequire(createRequire(import.meta.url).resolve(SDK))
  const name = system.platform === 'win32' ? 'claude.exe' : 'claude'
  for (const each of packagesFor(system)) {
    try {
      return resolver.resolve(`${each}/${name}`)
    } catch {
      // npm installs an optional dependency only on the systems that it is for.
    }
  }
  return undefined
}

/** A virus scanner may read the whole executable before its first start. */
const PATIENCE_MILLISECONDS = 60_000

/**
 * Runs the executable to learn its version.
 *
 * @param named an executable to use instead of the SDK's own
 */
export async function inspectInstallation(
  named: string | undefined,
  system: System,
  env: Readonly<Record<string, string>>,
): Promise<Installation> {
  const path = named ?? findExecutable(system)
  if (path === undefined) {
    return { path, problem: { kind: 'not installed', package: packagesFor(system)[0] } }
  }
  const entry = statSync(path, { throwIfNoEntry: false })
  if (!entry?.isFile()) return { path, problem: { kind: entry ? 'no file' : 'missing' } }
  if (system.platform === 'win32' && /\.(?:cmd|bat|ps1)$/i.test(path)) {
    return { path, problem: { kind: 'shell script' } }
  }
  const [command, ...args] = commandOf(path)
  if (args.length === 0 && !isExecutable(path)) return { path, problem: { kind: 'not executable' } }
  const since = performance.now()
  try {
    const { stdout } = await promisify(execFile)(command, [...args, '--version'], {
      env: { ...env },
      timeout: PATIENCE_MILLISECONDS,
    })
    const version = /^(\S+) \(Claude Code\)$/m.exec(stdout)?.[1]
    const startMilliseconds = performance.now() - since
    if (version !== undefined) return { path, version, startMilliseconds }
    return { path, problem: { kind: 'something else', printed: stdout.trim().slice(0, 80) } }
  } catch (error) {
    return { path, problem: { kind: 'fails', reason: reasonOf(error) } }
  }
}

/** This Node runs a script, as the SDK does. */
export function commandOf(path: string): [string, ...string[]] {
  return /\.[cm]?[jt]sx?$/.test(path) ? [process.execPath, path] : [path]
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function reasonOf(error: unknown): string {
  if (isStartFailure(error)) return startFailureReason(error)
  const { code, stderr = '', killed } = error as Failure
  if (killed === true) return `it did not answer within ${PATIENCE_MILLISECONDS / 1000} s`
  const [printed = ''] = stderr.trim().split('\n')
  const end = typeof code === 'number' ? `exit code ${code}` : (code ?? 'it was killed')
  return printed === '' ? end : `${end}: ${printed}`
}

type Failure = { code?: string | number | null; stderr?: string; killed?: boolean }
