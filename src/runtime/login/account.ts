import { type ChildProcess, execFile, type ExecFileException } from 'node:child_process'

import { z } from 'zod'

import type { Launch } from '../process/runtime-process.ts'
import { isStartFailure, startFailureReason } from '../process/start-failure.ts'

/** The login of the runtime, in its own terms. */
export type Account = {
  authenticated: boolean
  /**
   * `claude.ai`, `oauth_token`, `api_key`, `third_party`, …, `none`, or `unknown` if it has not
   * answered yet.
   */
  source: string
  /** ISO 8601, if the runtime knows it. */
  expiresAt?: string
  /** `firstParty`, `bedrock`, `vertex`, … */
  provider?: string
  email?: string
  organization?: string
  /** `pro`, `max`, … */
  plan?: string
  /** Why the latest look at the login failed. The other fields are then from an earlier look. */
  problem?: string
}

/**
 * The shortest time limit, in milliseconds: the runtime is slow while a virus scanner checks it for
 * the first time.
 */
const LEAST_PATIENCE = 15_000

/** The time limit for the report of the login, as a multiple of the time of a start. */
const PATIENCE_IN_STARTS = 10

/**
 * The time limit for the runtime's report of its login, in milliseconds.
 *
 * @param startMilliseconds how long a start took on this machine; undefined if not known
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
 * Runs the runtime's own `auth status`. The proxy itself reads no credentials.
 *
 * @param launch the command and options of a runtime process
 * @param patience time limit in milliseconds
 * @throws Error if the runtime can't be started, takes longer, or reports something else
 */
export async function readAccount(
  { command, args, cwd, env }: Launch,
  patience: number,
): Promise<Account> {
  // If the executable is a script, the launch runs it with an interpreter.
  const script = args[0]?.startsWith('-') === false ? [args[0]] : []
  const output = await new Promise<string>((resolve, reject) => {
    // The settings of the start have the command that prints the API key.
    const at = args.indexOf('--settings')
    const settings = at === -1 ? [] : args.slice(at, at + 2)
    const ask = [...script, ...settings, 'auth', 'status', '--json']
    // If nobody is logged in, it exits with 1 and reports that on stdout.
    const child = execFile(command, ask, { cwd, env }, (error, stdout, stderr) => {
      clearTimeout(timer)
      if (error && stdout === '') reject(isStartFailure(error) ? error : failure(error, stderr))
      else resolve(stdout)
    })
    const timer = setTimeout(() => {
      const seconds = Math.round(patience / 1000)
      reject(new Error(`the runtime did not report its login within ${seconds} s`))
      end(child)
    }, patience)
    // Errors of a start are thrown or emitted; both arrive here.
  }).catch((cause: unknown) => {
    if (!isStartFailure(cause)) throw cause
    const reason = startFailureReason(cause)
    throw new Error(`the runtime could not be started: ${reason}`, { cause })
  })
  const report = answer.parse(parsed(output))
  return {
    authenticated: report.loggedIn,
    source: report.authMethod,
    ...(report.loginExpiresAt && { expiresAt: new Date(report.loginExpiresAt).toISOString() }),
    ...(report.apiProvider && { provider: report.apiProvider }),
    ...(report.email && { email: report.email }),
    ...(report.orgName && { organization: report.orgName }),
    ...(report.subscriptionType && { plan: report.subscriptionType }),
  }
}

/** In one line, without the arguments of the process. */
function failure(cause: ExecFileException, stderr: string): Error {
  const [printed = ''] = stderr.trim().split('\n')
  const how =
    typeof cause.code === 'number' ? `exit code ${cause.code}` : (cause.code ?? cause.signal)
  const parts = [`the runtime did not report its login (${how})`, printed].filter(Boolean)
  return new Error(parts.join(': ').slice(0, 300), { cause })
}

function parsed(output: string): unknown {
  try {
    return JSON.parse(output)
  } catch (cause) {
    throw new Error('the runtime did not report its login as JSON', { cause })
  }
}

/**
 * How long a process may take to end by itself, in milliseconds: it may be writing a login to disk.
 */
const KILL_AFTER_MILLISECONDS = 3000

function end(child: ChildProcess): void {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MILLISECONDS)
  child.once('exit', () => clearTimeout(timer))
}
