import { childEnvironment } from './config/child-environment.ts'
import type { Environment } from './config/environment.ts'
import { makePrivateFolder } from './private-folder.ts'
import { type Account, patienceFor, readAccount } from './runtime/login/account.ts'
import { runtimeEnvironment } from './runtime/process/environment.ts'
import {
  commandOf,
  findExecutable,
  inspectInstallation,
  type Installation,
  type System,
} from './runtime/process/installation.ts'
import { VERSION } from './version.ts'

export { commandOf }
export type { Account, Installation, System }

/** The state of the runtime on this machine, without a proxy. */
export type RuntimeInspection = {
  system: System
  installation: Installation
  /** Its login; undefined if it did not report one. */
  account: Account | undefined
  /** Why the login is unknown; undefined if it is known. */
  accountProblem: string | undefined
  /** Its login without the API key of the environment; undefined if there is no key. */
  accountWithoutKey: Account | undefined
}

/** Variables that override a stored login. */
const KEY_VARIABLES = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN']

/**
 * Asks the runtime's executable for its version and its login. Nothing goes to the model's API.
 *
 * @param claudePath an executable to use instead of the SDK's own
 */
export async function inspectRuntime(
  claudePath: string | undefined,
  env: Environment,
): Promise<RuntimeInspection> {
  const system = thisSystem()
  const folder = await makePrivateFolder()
  try {
    const child = childEnvironment(env, runtimeEnvironment(VERSION, folder.path))
    const installation = await inspectInstallation(claudePath, system, child)
    if ('problem' in installation) {
      const account = undefined
      return {
        system,
        installation,
        account,
        accountProblem: undefined,
        accountWithoutKey: account,
      }
    }
    const look = async (environment: Record<string, string>): Promise<Account | Error> => {
      const [command, ...args] = commandOf(installation.path)
      const launch = { command, args, cwd: folder.path, env: environment }
      try {
        return await readAccount(launch, patienceFor(installation.startMilliseconds))
      } catch (error) {
        return error instanceof Error ? error : new Error(String(error))
      }
    }
    const withoutKey = without(child, KEY_VARIABLES)
    const hasKey = Object.keys(withoutKey).length < Object.keys(child).length
    const [account, accountWithoutKey] = await Promise.all([
      look(child),
      hasKey ? look(withoutKey) : undefined,
    ])
    return {
      system,
      installation,
      account: account instanceof Error ? undefined : account,
      accountProblem: account instanceof Error ? account.message : undefined,
      accountWithoutKey: accountWithoutKey instanceof Error ? undefined : accountWithoutKey,
    }
  } finally {
    await folder.remove()
  }
}

/** The path of the runtime's executable; undefined if there is none. Nothing is started. */
export function runtimeExecutable(claudePath: string | undefined): string | undefined {
  return claudePath ?? findExecutable(thisSystem())
}

function thisSystem(): System {
  const { platform, arch } = process
  return { platform, arch, isMusl: platform === 'linux' && !hasGlibc() }
}

function hasGlibc(): boolean {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return header?.glibcVersionRuntime !== undefined
}

function without(
  variables: Record<string, string>,
  names: readonly string[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !names.includes(name)))
}
