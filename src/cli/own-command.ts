import { basename } from 'node:path'

/**
 * How this program is started again by a user, for sentences such as "run … login". `npx` alone would
 * look for the package in the registry if it is not installed.
 */
export const OWN_COMMAND = ownCommand(process.argv[1] ?? '')

/** @param script the path of the script that Node was told to run */
export function ownCommand(script: string): string {
  const isOnPath = basename(script) === 'claude-sub-proxy' && !/[\\/]node_modules[\\/]/.test(script)
  return isOnPath ? 'claude-sub-proxy' : 'npx --no-install claude-sub-proxy'
}
