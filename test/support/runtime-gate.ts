import { vi } from 'vitest'

import { ProcessSettings } from '../../src/runtime/worker/settings.ts'
import { until } from './until.ts'

/** The gate of a runtime's process: closed, it keeps the process from sending a second request. */
export type RuntimeGate = {
  /**
   * Resolves when the process has closed it. An answer that waits for this can't come too early,
   * however busy the machine is. For a turn whose gate stays open, it never resolves.
   */
  closed: () => Promise<void>
}

/** Watches the gate of the process that began a turn last. It is for proxies with one process. */
export function watchGate(): RuntimeGate {
  const turns = vi.spyOn(ProcessSettings.prototype, 'apply').mock
  return {
    closed: async () => {
      await until(() => (turns.contexts.at(-1) as ProcessSettings | undefined)?.isClosed)
    },
  }
}
