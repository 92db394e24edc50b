import { defineConfig } from 'vitest/config'
import { TotalsReporter } from './test/support/reporter.ts'
import { LongestFirst } from './test/support/sequencer.ts'
import { LONGEST_WAIT, LOOK_INTERVAL, TEST_TIMEOUT } from './test/support/until.ts'

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
        },
      },
      {
        // With an API key, conversations reach the API in another way: see test/support/carrier.ts.
        // Only tests whose result can depend on that run twice.
        extends: true,
        test: {
          name: 'whole',
          include: [
            'test/contract/wire/*.test.ts',
            'test/contract/errors/asked-again.test.ts',
            'test/contract/exactness/*.test.ts',
            'test/contract/isolation/cacheable.test.ts',
            'test/contract/tools/claude-code.test.ts',
          ],
          exclude: ['test/contract/wire/comparison.test.ts'],
          env: { TEST_CARRIER: 'whole' },
        },
      },
    ],
    globalSetup: ['test/support/no-orphans.ts'],
    reporters: ['default', new TotalsReporter()],
    pool: 'forks',
    // Without isolation, each worker imports a module only once. Imports take longer than most
    // tests.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // Each start of the real runtime takes almost a second of one core, but some tests mostly wait.
    maxWorkers: 4,
    testTimeout: TEST_TIMEOUT,
    // By default, a second: a busy machine takes longer for a start of the runtime.
    expect: { poll: { timeout: LONGEST_WAIT, interval: LOOK_INTERVAL } },
    hookTimeout: TEST_TIMEOUT,
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
