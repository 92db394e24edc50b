import { type ChildProcess, execFile, type ExecFileException } from 'node:child_process'

import { z } from 'zod'

import type { Launch } from '../process/runtime-process.ts'
import { isStartFailure, startFailureReason } from '../process/start-failure.ts'

/** The login of the runtime, in its own words. */
export type Account = {
  authenticated: boolean
  /** `claude.ai`, `oauth_token`, `api_key`, `third_party`, …, `none`, or `unknown` if it did not tell yet. */
  source: string
  /** ISO 8601, where the runtime knows it. */
  expiresAt?: string
  /** `firstParty`, `bedrock`, `vertex`, … */
  provider?: string
  email?: string
  organization?: string
  /** `pro`, `max`, … */
  plan?: string
  /** Why the latest look at the login failed; the rest is as it was known before. */
  problem?: string
}

/**
 * Minimum patience in milliseconds: the runtime is slow while a virus scanner checks it for the
 * first time.
 */
const LEAST_PATIENCE = 15_000

/** How much longer than its start the runtime may take to say who is logged in. */
const PATIENCE_IN_STARTS = 10

/**
 * How long the runtime may take to report its login, in milliseconds.
 *
 * @param startMilliseconds how long a start of it took on this machine; undefined if not known
 */
export function patienceFor(startMilliseconds = 0): number {
  return Math.max(LEAST_PATIENCE, PATIENCE_IN_STARTS * startMilliseconds)
}

const answer = z.object({
  loggedIn: z.boolean(),
  authMethod: z.string(),
  apiProvider: z.string().nullish(),
  loginExpiresAt: z.union([z.string(), z.number()]).nullish(),
  email: z.string().nullish(),
  orgName: z.string().nullish(),
  subscriptionType: z.string().nullish(),
})

/**
 * Asks the runtime's own `auth status`. Nothing of the login is read here.
 *
 * @param launch what a process of the runtime is started from
 * @param patience milliseconds that it may take
 * @throws Error if the runtime can't be started, takes longer, or says something else
 */
export async function readAccount(
  { command, args, cwd, env }: Launch,
  patience: number,
): Promise<Account> {
  // If the executable is a script, the launch runs it with an interpreter.
  const script = args[0]?.startsWith('-') === false ? [args[0]] : []
  const output = await new Promise<string>((resolve, reject) => {
    // A command that gives the API key is in the settings that the process was started with.
    const at = args.indexOf('--settings')
    const settings = at === -1 ? [] : args.slice(at, at + 2)
    const ask = [...script, ...settings, 'auth', 'status', '--json']
    // It exits with 1 when no one is logged in, and says so on stdout.
    const child = execFile(command, ask, { cwd, env }, (error, stdout, stderr) => {
      clearTimeout(timer)
      if (error && stdout === '') reject(isStartFailure(error) ? error : failure(error, stderr))
      else resolve(stdout)
    })
    const timer = setTimeout(() => {
      const seconds = Math.round(patience / 1000)
      reject(new Error(`the runtime did not say within ${seconds} s who is logged in`))
      end(child)
    }, patience)
    // Errors of a start are thrown or emitted; both arrive here.
  }).catch((cause: unknown) => {
    if (!isStartFailure(cause)) throw cause
    const reason = startFailureReason(cause)
    throw new Error(`the runtime could not be started: ${reason}`, { cause })
  })
  const told = answer.parse(parsed(output))
  return {
    authenticated: told.loggedIn,
    source: told.authMethod,
    ...(told.loginExpiresAt && { expiresAt: new Date(told.loginExpiresAt).toISOString() }),
    ...(told.apiProvider && { provider: told.apiProvider }),
    ...(told.email && { email: told.email }),
    ...(told.orgName && { organization: told.orgName }),
    ...(told.subscriptionType && { plan: told.subscriptionType }),
  }
}

/** In one line, without the arguments that the process was started with. */
function failure(cause: ExecFileException, stderr: string): Error {
  const [said = ''] = stderr.trim().split('\n')
  const how =
    typeof cause.code === 'number' ? `exit code ${cause.code}` : (cause.code ?? cause.signal)
  const words = [`the runtime does not say who is logged in (${how})`, said].filter(Boolean)
  return new Error(words.join(': ').slice(0, 300), { cause })
}

function parsed(output: string): unknown {
  try {
    return JSON.parse(output)
  } catch (cause) {
    throw new Error('the runtime did not say in JSON who is logged in', { cause })
  }
}

/** How long a process may take to end by itself, in milliseconds: it may be writing a login. */
const KILL_AFTER_MILLISECONDS = 3000

function end(child: ChildProcess): void {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MILLISECONDS)
  child.once('exit', () => clearTimeout(timer))
}
