import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { runtimeProcessesWithEnvironment, waitUntilGone } from './processes.ts'

const PREFIX = 'csp-tests-'

/** Milliseconds that a process has to end after the last test: the workers may be ending too. */
const GRACE = 5_000

/**
 * Fails the run if a Claude Code process that it started outlives it.
 *
 * All temporary folders of the run are made below one of its own, which each process that runs in
 * a sandbox, or that inherits the environment of the tests, has in its environment. So the run
 * knows its processes apart from those of another one, also when their parent is gone.
 */
export default function setup(): (() => Promise<void>) | undefined {
  // Each project of the run comes here; they share the first one's folder, and it looks after the last test.
  if (basename(tmpdir()).startsWith(PREFIX)) return undefined
  const folder = mkdtempSync(join(realpathSync(tmpdir()), PREFIX))
  process.env['TMPDIR'] = folder

  return async function teardown() {
    const pids = runtimeProcessesWithEnvironment(folder).map(({ pid }) => pid)
    try {
      await waitUntilGone(pids, GRACE)
    } catch (error) {
      for (const { pid } of runtimeProcessesWithEnvironment(folder)) process.kill(pid, 'SIGKILL')
      // Vitest prints what a teardown throws, and leaves the exit code as it is.
      process.exitCode = 1
      throw new Error('Claude Code processes outlived the tests', { cause: error })
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}
