import { join } from 'node:path'

import type { Environment } from './environment.ts'

/**
 * The folder for permanent data of this program and user; undefined if the environment does not
 * name one.
 * Source: https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function stateFolderOf(env: Environment, platform: NodeJS.Platform): string | undefined {
  const home = env['HOME']
  switch (platform) {
    case 'win32':
      return inside(env['LOCALAPPDATA'])
    case 'darwin':
      return inside(home && join(home, 'Library', 'Application Support'))
    default: {
      const named = env['XDG_STATE_HOME']
      // The specification says to ignore relative paths.
      return inside(named?.startsWith('/') ? named : home && join(home, '.local', 'state'))
    }
  }
}

function inside(folder: string | undefined): string | undefined {
  return folder === undefined || folder === '' ? undefined : join(folder, 'claude-sub-proxy')
}
