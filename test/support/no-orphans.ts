import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { runtimeProcessesWithEnvironment, waitUntilGone } from './processes.ts'

const PREFIX = 'csp-tests-'

/**
 * Fails the run if a Claude Code process is left that it started.
 *
 * All temporary folders of the run are inside one folder, which is in the environment of every
 * process that runs in a sandbox or inherits the tests' environment. So the run can tell its
 * processes from those of another run, even if their parent is gone.
 */
export default function setup(): (() => Promise<void>) | undefined {
  // Every project of the run calls this. They share the folder of the first, which checks after the
  // last test.
  if (basename(tmpdir()).startsWith(PREFIX)) return undefined
  const folder = mkdtempSync(join(realpathSync(tmpdir()), PREFIX))
  process.env['TMPDIR'] = folder

  return async function teardown() {
    const pids = runtimeProcessesWithEnvironment(folder).map(({ pid }) => pid)
    try {
      // They may be ending, as vitest's workers may.
      await waitUntilGone(pids)
    } catch (error) {
      for (const { pid } of runtimeProcessesWithEnvironment(folder)) process.kill(pid, 'SIGKILL')
      // Vitest prints an error of a teardown, but does not change the exit code.
      process.exitCode = 1
      throw new Error('Claude Code processes outlived the tests', { cause: error })
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}
