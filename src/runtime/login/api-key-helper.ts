import { join } from 'node:path'

import type { Environment } from '../../config/environment.ts'
import { decidingVariable } from './carrier.ts'

/**
 * The command that prints the API key: `apiKeyHelper` in the user's settings of Claude Code. The
 * proxy does not load the user's settings, so it passes this one on. It only reads the command; the
 * runtime runs it when it needs the key, and again when the key was refused or is some minutes old.
 * Source: https://code.claude.com/docs/en/settings
 *
 * @param readText returns a file's text; undefined if there is no file
 * @returns undefined if none is set, the file can't be read, or a variable determines the login; in
 * these cases no command is run
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
    // Claude Code, too, ignores all settings of a broken file.
    return undefined
  }
}
