import { homedir } from 'node:os'

import type { Environment } from '../config/environment.ts'

/**
 * The user's home folder, as other programs find it. On Windows a `HOME`, which some shells and
 * companies set, may name another folder, and programs for Windows ignore it.
 */
export function homeFolder(env: Environment, platform: NodeJS.Platform): string {
  return (platform === 'win32' ? env['USERPROFILE'] : env['HOME']) || homedir()
}
