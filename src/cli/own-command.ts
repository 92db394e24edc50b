import { isAbsolute, relative } from 'node:path'

import { readEnvironment } from '../config/environment.ts'
import { shellQuoted } from './shell.ts'

/** Without `--no-install`, `npx` looks for the package in the registry if it is not installed. */
const NPX = 'npx --no-install claude-sub-proxy'

/**
 * The command with which the user can start this program again, for sentences such as "run …
 * login".
 */
export const OWN_COMMAND = ownCommand(process.argv[1] ?? '', {
  folder: process.cwd(),
  isByNpm: readEnvironment()['npm_lifecycle_event'] !== undefined,
  platform: process.platform,
})

/**
 * @param script the path of the script that Node runs
 * @param about the working folder, and whether a script of npm started it (`npm start`)
 */
export function ownCommand(
  script: string,
  about: { folder: string; isByNpm: boolean; platform: NodeJS.Platform },
): string {
  const isInModules = /[\\/]node_modules[\\/]/.test(script)
  if (/[\\/]claude-sub-proxy$/.test(script) && !isInModules) return 'claude-sub-proxy'
  // The starter was a supervisor, or a container without npm.
  if (/[\\/]dist[\\/]cli[\\/]main\.js$/.test(script) && !about.isByNpm) {
    const inside = relative(about.folder, script)
    const path = inside.startsWith('..') || isAbsolute(inside) ? script : inside
    return `node ${shellQuoted(path, about.platform)}`
  }
  return NPX
}
