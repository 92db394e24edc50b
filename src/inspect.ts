import { childEnvironment } from './config/child-environment.ts'
import type { Environment } from './config/environment.ts'
import { makePrivateFolder } from './private-folder.ts'
import { type Account, readAccount } from './runtime/login/account.ts'
import { runtimeEnvironment } from './runtime/process/environment.ts'
import {
  commandOf,
  findExecutable,
  inspectInstallation,
  type Installation,
  packagesFor,
  type System,
} from './runtime/process/installation.ts'
import { VERSION } from './version.ts'

export type { Account, Installation, System }

/** The runtime as it is found on this machine, without a proxy. */
export type RuntimeInspection = {
  system: System
  installation: Installation
  /** Who it is logged in as; undefined where it could not be asked. */
  account: Account | undefined
  /** Who it would be logged in as without an API key in the environment; undefined where there is none. */
  accountWithoutKey: Account | undefined
}

/** What comes before a stored login. */
const KEY_VARIABLES = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN']

/**
 * Has the runtime's executable say its version and its login. Nothing goes to the model's API.
 *
 * @param claudePath another executable than the SDK's own
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
      return { system, installation, account: undefined, accountWithoutKey: undefined }
    }
    const look = async (environment: Record<string, string>): Promise<Account | undefined> => {
      const [command, ...args] = commandOf(installation.path)
      try {
        return await readAccount({ command, args, cwd: folder.path, env: environment })
      } catch {
        return undefined
      }
    }
    const withoutKey = without(child, KEY_VARIABLES)
    const hasKey = Object.keys(withoutKey).length < Object.keys(child).length
    const [account, accountWithoutKey] = await Promise.all([
      look(child),
      hasKey ? look(withoutKey) : undefined,
    ])
    return { system, installation, account, accountWithoutKey }
  } finally {
    await folder.remove()
  }
}

/** The name of the package that is missing; undefined where the runtime is installed, or not needed. */
export function missingRuntime(claudePath: string | undefined): string | undefined {
  const system = thisSystem()
  if (claudePath !== undefined || findExecutable(system) !== undefined) return undefined
  return packagesFor(system)[0]
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
