import type { Reporter, TestModule } from 'vitest/node'

type Totals = { passed: number; failed: number; skipped: number }

/**
 * Ends the output of a run with one plain line: `N passed, N failed`, and `, N skipped` if any. If
 * tests have not ended, as after the end of a worker, the lines before it name them.
 *
 * Passed and skipped are tests. Failed counts tests and all other faults: a file that could not be
 * loaded, a hook, an unhandled error. It is never 0 if the run fails.
 */
export class TotalsReporter implements Reporter {
  #totals: Totals = { passed: 0, failed: 0, skipped: 0 }
  #unended: string[] = []

  onInit(): void {
    // The teardown comes after the last event for reporters, and may print and fail.
    process.once('exit', (code) => {
      const lines = this.#unended.map((name) => `did not end: ${name}`)
      process.stdout.write(`${[...lines, lineOf(this.#totals, code)].join('\n')}\n`)
    })
  }

  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: Parameters<NonNullable<Reporter['onTestRunEnd']>>[1],
  ): void {
    const totals = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    this.#unended = modules.flatMap((module) =>
      [...module.children.allTests('pending')].map(
        ({ fullName }) => `${module.relativeModuleId} > ${fullName}`,
      ),
    )
    for (const module of modules) {
      totals.failed += module.errors().length
      for (const suite of module.children.allSuites()) totals.failed += suite.errors().length
      for (const test of module.children.allTests()) totals[columnOf(test.result().state)] += 1
    }
    this.#totals = totals
  }
}

function columnOf(state: 'passed' | 'failed' | 'skipped' | 'pending'): keyof Totals {
  // A test that still waits for its turn when the run ends was interrupted.
  return state === 'pending' ? 'failed' : state
}

function lineOf({ passed, failed, skipped }: Totals, exitCode: number): string {
  const reported = exitCode === 0 ? failed : Math.max(failed, 1)
  const tail = skipped > 0 ? `, ${skipped} skipped` : ''
  return `${passed} passed, ${reported} failed${tail}`
}
