import { statSync } from 'node:fs'

import { type Launch, RuntimeProcess } from './runtime-process.ts'

/** Gets notified of the starts and ends of processes. */
export type ProcessObserver = {
  processStarted: () => void
  /** @param stopRequested whether the process was told to end, or died. */
  processEnded: (stopRequested: boolean) => void
}

/** Starts processes of the runtime, and tracks each until it is gone. */
export class Launcher {
  readonly #alive = new Set<RuntimeProcess>()
  readonly #observer: ProcessObserver | undefined
  #latest: Launch | undefined
  #isClosed = false

  constructor(observer?: ProcessObserver) {
    this.#observer = observer
  }

  /** The launch of the latest process. */
  get launch(): Launch | undefined {
    return this.#latest
  }

  /** @throws Error if the launcher is closed, or the system has no room for one more process */
  start(launch: Launch): RuntimeProcess {
    if (this.#isClosed) throw new Error('The launcher is closed.')
    this.#latest = launch
    const process = new RuntimeProcess(launch, stampOf(launch.command))
    this.#alive.add(process)
    this.#observer?.processStarted()
    void this.#forgetAtExit(process)
    return process
  }

  /** Ends all processes and waits until they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true
    const alive = [...this.#alive]
    for (const process of alive) process.stop()
    await Promise.all(alive.map((process) => process.exited))
  }

  async #forgetAtExit(process: RuntimeProcess): Promise<void> {
    await process.exited
    this.#alive.delete(process)
    this.#observer?.processEnded(process.stopRequested)
  }
}

/** Identifies the version of an executable on disk; it changes with an update. */
export function stampOf(path: string): string {
  const { ino, mtimeMs, size } = statSync(path, { throwIfNoEntry: false }) ?? {}
  return [ino, mtimeMs, size].join()
}
