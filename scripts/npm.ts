import { execFileSync } from 'node:child_process'

/**
 * Runs npm, and returns what it wrote. On Windows npm is a batch file, which only a shell can run: the arguments
 * must have no blanks or signs that a shell reads.
 */
export function npm(...args: string[]): string {
  const shell = process.platform === 'win32'
  return execFileSync('npm', args, { encoding: 'utf8', shell })
}
