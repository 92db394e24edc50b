import { join } from 'node:path'

import type { Environment } from '../../config/environment.ts'
import { decidingVariable } from './carrier.ts'

/**
 * The command that gives the API key, from `apiKeyHelper` in the user's settings of Claude Code. The proxy
 * loads no settings, so it hands this one on. Only the command is read here: the runtime runs it, when it
 * needs the key and again when that has been refused or is some minutes old.
 * Source: https://code.claude.com/docs/en/settings
 *
 * @param readText gives a file's text, undefined if there is none
 * @returns undefined if none is set, the file can't be read, or a variable decides about the login: then no
 *   command is run
 */
export function apiKeyHelperIn(
  env: Environment,
  readText: (path: string) => string | undefined,
): string | undefined {
  if (decidingVariable(env) !== undefined) return undefined
  const { CLAUDE_CONFIG_DIR: folder, HOME: home, USERPROFILE: profile } = env
  const base = folder || (home || profile ? join(home || profile || '', '.claude') : '')
  if (base === '') return undefined
  try {
    const settings: unknown = JSON.parse(readText(join(base, 'settings.json')) ?? '{}')
    const helper =
      typeof settings === 'object' && settings !== null && 'apiKeyHelper' in settings
        ? settings.apiKeyHelper
        : undefined
    return typeof helper === 'string' && helper.trim() !== '' ? helper : undefined
  } catch {
    // Claude Code takes no setting from a file that is broken, either.
    return undefined
  }
}
