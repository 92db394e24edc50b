import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Sandbox = {
  /** The whole environment of a process that runs in the sandbox. */
  env: Record<string, string>
  /** Contains all the other folders. */
  folder: string
  /** An empty working folder. */
  workFolder: string
  /** Deletes the folder with its content. */
  remove: () => void
}

/** Variables to set; `undefined` removes one. */
export type EnvironmentOverrides = Record<string, string | undefined>

/** For `makeSandbox`: nobody is logged in. */
export const NO_LOGIN: EnvironmentOverrides = { ANTHROPIC_API_KEY: undefined }

/** For `makeSandbox`: a claude.ai subscription, with a made-up token. */
export const SUBSCRIPTION_LOGIN: EnvironmentOverrides = {
  ANTHROPIC_API_KEY: undefined,
  CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-made-up-for-tests',
}

/**
 * For `makeSandbox`: only 127.0.0.1 can be reached. With a stored login the runtime requests the
 * account's profile from Anthropic, even if `ANTHROPIC_BASE_URL` is set.
 */
export const NOTHING_OUTSIDE: EnvironmentOverrides = {
  // Nothing listens on the port named tcpmux.
  HTTPS_PROXY: 'http://127.0.0.1:1',
  NO_PROXY: '127.0.0.1',
}

/**
 * A temporary home for a Claude Code process that talks to `url` with a made-up API key. Only PATH
 * comes from the environment of the tests, so the process can't find a login of the user.
 */
export function makeSandbox(url: string, overrides: EnvironmentOverrides = {}): Sandbox {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'sandbox-'))
  const home = join(folder, 'home')
  const configFolder = join(home, '.claude')
  const temporaryFolder = join(folder, 'tmp')
  const workFolder = join(folder, 'work')
  mkdirSync(configFolder, { recursive: true })
  mkdirSync(temporaryFolder)
  mkdirSync(workFolder)
  const env = withoutUndefined({
    PATH: process.env['PATH'],
    HOME: home,
    TMPDIR: temporaryFolder,
    CLAUDE_CONFIG_DIR: configFolder,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: 'sk-ant-api03-made-up-for-tests',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    ...overrides,
  })
  return {
    env,
    folder,
    workFolder,
    // A process that is ending may still write, so the deletion is retried.
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  }
}

function withoutUndefined(variables: EnvironmentOverrides): Record<string, string> {
  const set: Record<string, string> = {}
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined) set[name] = value
  }
  return set
}

/**
 * The files left in a temporary folder, without the runtime's empty working folder: all servers of
 * a user share its path, so none of them deletes it.
 */
export function leftIn(temporaryFolder: string): string[] {
  return readdirSync(temporaryFolder).filter((name) => !/^claude-sub-proxy-\d+$/.test(name))
}
