import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

/** What a process is started from. Equal launches give interchangeable processes. */
export type Launch = {
  command: string
  args: readonly string[]
  cwd: string | undefined
  env: Readonly<Record<string, string | undefined>>
}

/**
 * A process takes 30 to 60 ms to stop. This longer time is for a process that is writing a
 * refreshed login to disk, which must not be lost.
 */
const GRACE_MILLISECONDS = 3000

/** One operating system process of the runtime, from its start to its exit. */
export class RuntimeProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  /** Resolves when the process is gone, or could not be started: then with the reason. */
  readonly exited: Promise<Error | undefined>
  #lineListener: ((line: string) => void) | undefined
  #startFailure: Error | undefined
  #isGone = false
  #stopRequested = false

  readonly #command: string
  readonly #stamp: string

  /**
   * @param stamp of the executable, as it was when the process was started
   * @throws Error with the system's `code` where not even the pipes to a process could be made; what
   * else keeps it from starting is told by `exited`
   */
  constructor(launch: Launch, stamp: string) {
    this.#command = launch.command
    this.#stamp = stamp
    this.child = spawn(launch.command, launch.args, {
      cwd: launch.cwd,
      env: launch.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      // A Ctrl-C in the terminal is for the proxy, which lets replies finish.
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    this.exited = new Promise((resolve) => {
      const gone = (error?: Error): void => {
        this.#isGone = true
        this.#startFailure ??= error
        resolve(error)
      }
      this.child.once('error', gone)
      this.child.once('exit', () => gone())
    })
    if (!hasPipes(this.child)) throw noDescriptors()
    // A process that dies while it is written to says so by its exit.
    this.child.stdin.on('error', () => {})
    createInterface({ input: this.child.stderr }).on('line', (line) => this.#lineListener?.(line))
  }

  /** Why the process could not be started. */
  get startFailure(): Error | undefined {
    return this.#startFailure
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** Whether the executable was replaced since, for example by an update. */
  isOutdated(stampOf: (command: string) => string): boolean {
    return stampOf(this.#command) !== this.#stamp
  }

  /** Whether it was asked to end, before it did. */
  get stopRequested(): boolean {
    return this.#stopRequested
  }

  /** Calls back for each line of stderr from now on; one listener at a time. */
  onDiagnostic(listener: (line: string) => void): void {
    this.#lineListener = listener
  }

  /** Ends the process in order: it drops its request upstream and finishes what it was writing. */
  stop(): void {
    if (this.#isGone || this.#stopRequested) return
    this.#stopRequested = true
    this.child.kill('SIGTERM')
    const timer = setTimeout(() => this.kill(), GRACE_MILLISECONDS)
    void this.exited.then(() => clearTimeout(timer))
  }

  /** Ends the process at once: what it was about to ask upstream is not asked. */
  kill(): void {
    if (this.#isGone) return
    this.#stopRequested = true
    this.child.kill('SIGKILL')
  }
}

/** Without descriptors for them, Node gives a child that has none, and tells the reason later. */
function hasPipes({ stdin }: { stdin: Writable | undefined }): boolean {
  return stdin !== undefined
}

/** Node's own condition for it: https://github.com/nodejs/node/blob/v20.x/lib/internal/child_process.js */
function noDescriptors(): NodeJS.ErrnoException {
  return Object.assign(new Error('spawn EMFILE'), { code: 'EMFILE', syscall: 'spawn' })
}
