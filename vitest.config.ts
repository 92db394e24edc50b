import { defineConfig } from 'vitest/config'
import { TotalsReporter } from './test/support/reporter.ts'
import { LongestFirst } from './test/support/sequencer.ts'

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
        // Conversations of an API key's login go another way to the API: see test/support/carrier.ts.
        extends: true,
        test: {
          name: 'whole',
          include: [
            'test/contract/wire/*.test.ts',
            'test/contract/client/*.test.ts',
            'test/contract/clients/*.test.ts',
            'test/contract/errors/asked-again.test.ts',
            'test/contract/exactness/*.test.ts',
            'test/contract/isolation/cacheable.test.ts',
            'test/contract/tools/claude-code.test.ts',
          ],
          env: { TEST_CARRIER: 'whole' },
        },
      },
    ],
    globalSetup: ['test/support/no-orphans.ts'],
    reporters: ['default', new TotalsReporter()],
    pool: 'forks',
    // What is imported is imported once by each worker: that takes longer than most tests.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // Each start of the real runtime takes most of a second of one core, but some tests mostly wait.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
