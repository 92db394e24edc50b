import type { Config } from '../../config/config.ts'
import { ConfigError } from '../../config/config-error.ts'
import type { Environment } from '../../config/environment.ts'
import { nearest } from '../../config/nearest.ts'
import { homeFolder } from '../home-folder.ts'
import { OWN_COMMAND } from '../own-command.ts'
import { addressOf, keyOf } from '../server.ts'
import { replaceFile, restoreFile, textOf } from './client-file.ts'
import { NO_KEY, SETUP_CLIENTS, type SetupClient } from './clients.ts'

export type SetupMode = 'show' | 'write' | 'undo'

/**
 * Points a client at the proxy in the client's own configuration file. Without `--write` it only
 * shows the new file.
 *
 * @throws ConfigError for an unknown client, Error if its file can't be changed or restored
 */
export async function setup(
  config: Config,
  env: Environment,
  names: readonly string[],
  mode: SetupMode,
): Promise<void> {
  const client = clientNamed(names)
  const path = client.file(homeFolder(env, process.platform), env)
  if (mode === 'undo') {
    await restoreFile(path)
    process.stdout.write(`${path} was restored.\n`)
    return
  }
  const before = await textOf(path)
  const facts = {
    url: addressOf(config),
    key: (await keyOf(config)) ?? NO_KEY,
    model: config.modelDefault,
  }
  const after = applied(client, path, before, facts)
  if (mode === 'write') {
    await replaceFile(path, before, after)
    process.stdout.write(
      `${path} was written. Start: ${client.start}\n${noteFor(client, facts.key)}Undo: ${OWN_COMMAND} setup ${client.name} --undo\n`,
    )
  } else {
    process.stdout.write(
      `# Nothing was written. The new ${path} would be:\n\n${after}\n# To write it: ${OWN_COMMAND} setup ${client.name} --write\n`,
    )
  }
}

function applied(
  client: SetupClient,
  path: string,
  before: string | undefined,
  facts: Parameters<SetupClient['apply']>[1],
): string {
  try {
    return client.apply(before, facts)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    process.stdout.write(reason.includes('\n') ? `${reason}\n` : '')
    throw new Error(`${path}: ${reason.split('\n', 1)[0]}`, { cause: error })
  }
}

/** Codex reads a key from the environment only. */
function noteFor({ name }: SetupClient, key: string): string {
  return name === 'codex' && key !== NO_KEY ? `Set CLAUDE_SUB_PROXY_KEY=${key} for it.\n` : ''
}

function clientNamed([name = '', ...others]: readonly string[]): SetupClient {
  const known = SETUP_CLIENTS.map((client) => client.name)
  const client = SETUP_CLIENTS.find((each) => each.name === name)
  if (client !== undefined && others.length === 0) return client
  const near = client === undefined ? nearest(name, known) : undefined
  const hint = near === undefined ? `name one of ${known.join(', ')}` : `did you mean ${near}?`
  throw new ConfigError(`${['setup', name, ...others].filter(Boolean).join(' ')}: ${hint}`)
}
