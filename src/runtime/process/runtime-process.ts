import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

/** The command and options of a process. Equal launches give interchangeable processes. */
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
  /** Resolves when the process is gone. If it could not be started, it resolves with the reason. */
  readonly exited: Promise<Error | undefined>
  #lineListener: ((line: string) => void) | undefined
  #startFailure: Error | undefined
  #isGone = false
  #stopRequested = false

  readonly #command: string
  readonly #stamp: string

  /**
   * @param stamp of the executable, as it was when the process was started
   * @throws Error with the system's `code` if the pipes to the process could not be made; `exited`
   * reports all other failures to start
   */
  constructor(launch: Launch, stamp: string) {
    this.#command = launch.command
    this.#stamp = stamp
    this.child = spawn(launch.command, launch.args, {
      cwd: launch.cwd,
      env: launch.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      // Keeps a Ctrl-C in the terminal from reaching the process: the proxy handles it, and lets
      // replies finish.
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
    // If a process dies during a write, its exit reports it.
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

  /** Whether the executable was replaced after the start, for example by an update. */
  isOutdated(stampOf: (command: string) => string): boolean {
    return stampOf(this.#command) !== this.#stamp
  }

  /** Whether it was told to end before it ended. */
  get stopRequested(): boolean {
    return this.#stopRequested
  }

  /** Calls the listener with each further line of stderr; there is one listener at a time. */
  onDiagnostic(listener: (line: string) => void): void {
    this.#lineListener = listener
  }

  /** Ends the process in order: it drops its request upstream and finishes its writes to disk. */
  stop(): void {
    if (this.#isGone || this.#stopRequested) return
    this.#stopRequested = true
    this.child.kill('SIGTERM')
    const timer = setTimeout(() => this.kill(), GRACE_MILLISECONDS)
    void this.exited.then(() => clearTimeout(timer))
  }

  /** Ends the process at once, before it can send anything more upstream. */
  kill(): void {
    if (this.#isGone) return
    this.#stopRequested = true
    this.child.kill('SIGKILL')
  }
}

/**
 * If Node has no descriptors for the pipes, it returns a child without them and reports the reason
 * later.
 */
function hasPipes({ stdin }: { stdin: Writable | undefined }): boolean {
  return stdin !== undefined
}

/** Node's own condition for it: https://github.com/nodejs/node/blob/v20.x/lib/internal/child_process.js */
function noDescriptors(): NodeJS.ErrnoException {
  return Object.assign(new Error('spawn EMFILE'), { code: 'EMFILE', syscall: 'spawn' })
}
