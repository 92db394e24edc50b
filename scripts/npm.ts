import { execFileSync } from 'node:child_process'

/**
 * Runs npm, and returns its output. On Windows npm is a batch file, which only a shell can run, so
 * the arguments must have no spaces or characters with a meaning for shells.
 */
export function npm(...args: string[]): string {
  const shell = process.platform === 'win32'
  return execFileSync('npm', args, { encoding: 'utf8', shell })
}
