import { type Launch, RuntimeProcess } from './runtime-process.ts'

/** Is told of the processes' lives. */
export type ProcessObserver = {
  processStarted: () => void
  /** @param wasTold whether the process was told to end, or died. */
  processEnded: (wasTold: boolean) => void
}

/**
 * Hands out processes of the runtime and knows each that it started until it is gone.
 *
 * With `spares` above zero it keeps that many processes started ahead, as clones of the latest
 * launch: a process says nothing and asks nothing until it is told to initialize, so one that waits
 * serves any conversation. It knows nothing about the meaning of a launch's arguments.
 */
export class Launcher {
  readonly #spareCount: number
  readonly #alive = new Set<RuntimeProcess>()
  #spares: { key: string; process: RuntimeProcess }[] = []
  #latest: { key: string; launch: Launch } | undefined
  readonly #observer: ProcessObserver | undefined
  #isClosed = false

  constructor(spareCount: number, observer?: ProcessObserver) {
    this.#spareCount = spareCount
    this.#observer = observer
  }

  /** How many processes wait to be handed out. */
  get spares(): number {
    return this.#spares.filter(({ process }) => !process.isGone).length
  }

  /** What the latest process was started from. */
  get launch(): Launch | undefined {
    return this.#latest?.launch
  }

  /** A spare that equals the launch, or a new process. */
  take(launch: Launch): RuntimeProcess {
    const key = keyOf(launch)
    this.#latest = { key, launch }
    const index = this.#spares.findIndex((spare) => spare.key === key && !spare.process.isGone)
    const [spare] = index === -1 ? [] : this.#spares.splice(index, 1)
    return spare?.process ?? this.#start(launch)
  }

  /**
   * Starts the spares that are missing, and ends those that no longer equal the latest launch.
   *
   * @param room how many there may be at most
   */
  refill(room: number): void {
    if (this.#isClosed || this.#latest === undefined) return
    const { key, launch } = this.#latest
    const fitting = this.#spares.filter((spare) => spare.key === key && !spare.process.isGone)
    for (const spare of this.#spares) {
      if (!fitting.includes(spare)) spare.process.stop()
    }
    const count = Math.min(this.#spareCount, Math.max(0, room))
    while (fitting.length < count) fitting.push({ key, process: this.#start(launch) })
    for (const spare of fitting.splice(count)) spare.process.stop()
    this.#spares = fitting
  }

  /** Ends all processes and waits until they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true
    const alive = [...this.#alive]
    for (const process of alive) process.stop()
    await Promise.all(alive.map((process) => process.exited))
  }

  #start(launch: Launch): RuntimeProcess {
    if (this.#isClosed) throw new Error('The launcher is closed.')
    const process = new RuntimeProcess(launch)
    this.#alive.add(process)
    this.#observer?.processStarted()
    void this.#forgetAtExit(process)
    return process
  }

  async #forgetAtExit(process: RuntimeProcess): Promise<void> {
    await process.exited
    this.#alive.delete(process)
    this.#observer?.processEnded(process.wasTold)
  }
}

function keyOf({ command, args, cwd, env }: Launch): string {
  const names = Object.keys(env).toSorted()
  return JSON.stringify([command, args, cwd, names.map((name) => [name, env[name]])])
}
