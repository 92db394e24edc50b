import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Sandbox = {
  /** The whole environment of a process that runs in the sandbox. */
  env: Record<string, string>
  /** Holds all the other folders. */
  folder: string
  /** An empty working folder. */
  workFolder: string
  /** Deletes the folder and all that is in it. */
  remove: () => void
}

/** Variables to set, or with `undefined` to leave out. */
export type EnvironmentOverrides = Record<string, string | undefined>

/** For `makeSandbox`: nobody is logged in. */
export const NO_LOGIN: EnvironmentOverrides = { ANTHROPIC_API_KEY: undefined }

/** For `makeSandbox`: a claude.ai subscription, with a token that is made up. */
export const SUBSCRIPTION_LOGIN: EnvironmentOverrides = {
  ANTHROPIC_API_KEY: undefined,
  CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-made-up-for-tests',
}

/**
 * For `makeSandbox`: what is not on 127.0.0.1 can't be reached. With a stored login the runtime asks
 * Anthropic for the account's profile, wherever `ANTHROPIC_BASE_URL` leads.
 */
export const NOTHING_OUTSIDE: EnvironmentOverrides = {
  // No one listens on the port named tcpmux.
  HTTPS_PROXY: 'http://127.0.0.1:1',
  NO_PROXY: '127.0.0.1',
}

/**
 * A home of its own for a Claude Code process that talks to `url` with a made-up API key. Nothing
 * but PATH comes from the environment of the tests, so no login of the user can be found.
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
    // A process that is just ending may still write: deleting is tried again.
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
 * What is left in a folder for temporary files, but for the empty folder that the runtime works in: its path
 * is the same for all servers of a user, so none of them deletes it.
 */
export function leftIn(temporaryFolder: string): string[] {
  return readdirSync(temporaryFolder).filter((name) => !/^claude-sub-proxy-\d+$/.test(name))
}
