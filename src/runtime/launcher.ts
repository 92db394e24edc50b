import { statSync } from 'node:fs'

import { type Launch, RuntimeProcess } from './runtime-process.ts'

type Spare = {
  /** Names the launch, and the executable as it was on disk. */
  key: string
  process: RuntimeProcess
  retirement: NodeJS.Timeout
}

/** Is told of the processes' lives. */
export type ProcessObserver = {
  processStarted: () => void
  /** @param wasTold whether the process was told to end, or died. */
  processEnded: (wasTold: boolean) => void
}

/** A spare does not notice everything that changes around it; none gets older than this. */
const MAX_AGE_MILLISECONDS = 60 * 60 * 1000

/** How long after a process that came to nothing the next spare is started; doubled each time. */
const BACKOFF_MILLISECONDS = { first: 1000, most: 60_000 }

/**
 * Hands out processes of the runtime and knows each that it started until it is gone.
 *
 * It keeps spares, as clones of the latest launch: a process says nothing and asks nothing until it
 * is told to initialize, so one that waits serves any conversation. It knows nothing about the
 * meaning of a launch's arguments.
 */
export class Launcher {
  readonly #onChange: () => void
  readonly #alive = new Set<RuntimeProcess>()
  readonly #spares = new Set<Spare>()
  #latest: Launch | undefined
  #backoff = 0
  #pausedUntil = -Infinity
  #isClosed = false

  readonly #observer: ProcessObserver | undefined

  /** @param onChange called when there is a process more, or a spare less than there should be */
  constructor(onChange: () => void = () => {}, observer?: ProcessObserver) {
    this.#onChange = onChange
    this.#observer = observer
  }

  /** What the latest process was started from. */
  get launch(): Launch | undefined {
    return this.#latest
  }

  /** How many processes there are, spares included, that were not told to stop. */
  get size(): number {
    return [...this.#alive].filter((process) => !process.wasTold).length
  }

  /** How many spares wait. */
  get spareCount(): number {
    return this.#spares.size
  }

  /** Milliseconds for which no spare should be started, because the last ones died. */
  get pause(): number {
    return Math.max(0, this.#pausedUntil - performance.now())
  }

  /** A spare that equals the launch, or a new process. */
  take(launch: Launch): RuntimeProcess {
    this.#latest = launch
    const key = keyOf(launch)
    for (const spare of this.#spares) {
      if (spare.key !== key) this.#stop(spare)
    }
    const [spare] = this.#spares
    if (spare === undefined) {
      const process = this.#start(launch)
      this.#onChange()
      return process
    }
    this.#forget(spare)
    return spare.process
  }

  /**
   * Starts a clone of the latest launch, to be taken later.
   *
   * @param input what it is told at once
   */
  startSpare(input = ''): void {
    if (this.#isClosed || this.#latest === undefined) return
    const process = this.#tryToStart(this.#latest)
    if (process === undefined) return
    process.child.stdin.write(input)
    const spare: Spare = {
      key: keyOf(this.#latest),
      process,
      retirement: setTimeout(() => this.#retire(spare), MAX_AGE_MILLISECONDS),
    }
    spare.retirement.unref()
    this.#spares.add(spare)
    void process.exited.then(() => this.#bury(spare))
  }

  /** To be told that a process which was handed out did not come to work: the next spare has to wait. */
  noteFailure(): void {
    const { first, most } = BACKOFF_MILLISECONDS
    this.#backoff = Math.min(most, Math.max(first, this.#backoff * 2))
    this.#pausedUntil = performance.now() + this.#backoff
  }

  /** To be told that one came to work. */
  noteSuccess(): void {
    this.#backoff = 0
    this.#pausedUntil = -Infinity
  }

  /** Ends spares until there are at most this many. */
  trim(count: number): void {
    for (const spare of [...this.#spares].slice(Math.max(0, count))) this.#stop(spare)
  }

  /** Ends all processes and waits until they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.trim(0)
    const alive = [...this.#alive]
    for (const process of alive) process.stop()
    await Promise.all(alive.map((process) => process.exited))
  }

  /** Where the system has no memory for one more, a request will say so; a spare is none. */
  #tryToStart(launch: Launch): RuntimeProcess | undefined {
    try {
      return this.#start(launch)
    } catch {
      this.noteFailure()
      this.#onChange()
      return undefined
    }
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

  #retire(spare: Spare): void {
    this.#stop(spare)
    this.#onChange()
  }

  #stop(spare: Spare): void {
    this.#forget(spare)
    spare.process.stop()
  }

  #forget(spare: Spare): void {
    clearTimeout(spare.retirement)
    this.#spares.delete(spare)
  }

  /** It ended while it waited, and no one told it to. */
  #bury(spare: Spare): void {
    if (!this.#spares.has(spare)) return
    this.#forget(spare)
    this.noteFailure()
    this.#onChange()
  }
}

/** Equal for launches that give interchangeable processes: an update of the executable ends that. */
function keyOf({ command, args, cwd, env }: Launch): string {
  const names = Object.keys(env).toSorted()
  const variables = names.map((name) => [name, env[name]])
  return JSON.stringify([command, stampOf(command), args, cwd, variables])
}

function stampOf(path: string): unknown {
  const { ino, mtimeMs, size } = statSync(path, { throwIfNoEntry: false }) ?? {}
  return [ino, mtimeMs, size]
}
