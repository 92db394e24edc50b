import {
  type Options,
  type Query,
  query,
  type SDKMessage,
  type SpawnedProcess,
} from '@anthropic-ai/claude-agent-sdk'

import { Deferred } from '../../deferred.ts'
import type { ApiError } from '../../errors.ts'
import type { Launcher } from '../process/launcher.ts'
import { PacedInput } from '../process/paced-input.ts'
import type { Launch, RuntimeProcess } from '../process/runtime-process.ts'
import { isStartFailure } from '../process/start-failure.ts'
import { RuntimeEnded, RuntimeHung, RuntimeNotStarted } from './failures.ts'
import { type Frame, withLargeParts } from './frames.ts'
import { InputQueue } from './input-queue.ts'

/** Why a process ended. */
export type End = {
  /** For the log. */
  cause: string
  /** The error for the client of the turn in flight. */
  error: ApiError
}

export type LinkListener = {
  message: (message: SDKMessage) => void
  /** A line of the runtime's stderr. */
  diagnostic: (line: string) => void
  /** Called once. */
  end: (end: End) => void
}

/** Time limit for reading the remaining output of a process that is gone. */
const LAST_OUTPUT_MILLISECONDS = 500

/**
 * One process of the runtime with the SDK's query on it.
 *
 * It ends once, with one cause: the end of its output, an error in it, the exit of the process, or
 * a call of `end`, whichever comes first. Everything that waits for the process then fails with
 * that cause.
 */
export class Link {
  readonly query: Query
  readonly #listener: LinkListener
  readonly #input = new InputQueue<Frame>()
  readonly #ended = new Deferred<never>()
  #process: RuntimeProcess | undefined
  #stdin: PacedInput | undefined
  #end: End | undefined
  /** The system's reason why the process did not start, if it is known at once. */
  #startFailure: unknown

  /** @throws RuntimeNotStarted if the system has no room for the process */
  constructor(options: Options, launcher: Launcher, listener: LinkListener) {
    this.#listener = listener
    this.#ended.promise.catch(() => {})
    try {
      this.query = query({
        prompt: this.#input,
        options: {
          ...options,
          spawnClaudeCodeProcess: ({ command, args, cwd, env }) =>
            this.#start(launcher, { command, args, cwd, env }),
        },
      })
    } catch (cause) {
      // The SDK wraps the reason in its own words.
      throw this.#startFailure === undefined ? cause : new RuntimeNotStarted(this.#startFailure)
    }
    void this.#read()
  }

  get process(): RuntimeProcess | undefined {
    return this.#process
  }

  get end(): End | undefined {
    return this.#end
  }

  /** Resolves when the process is gone. */
  get exited(): Promise<unknown> {
    return this.#process?.exited ?? Promise.resolve()
  }

  write(frame: Frame): void {
    this.#input.push(withLargeParts(frame, (part) => this.nameOf(part)))
  }

  /** The name that the SDK gets instead of a large value, from `PacedInput.nameOf`. */
  nameOf<Value>(value: Value): Value | string {
    return this.#stdin?.nameOf(value) ?? value
  }

  /** @param how `'kill'` if the process is about to do something forbidden, or does not react */
  close(cause: string, error: ApiError, how: 'stop' | 'kill' = 'stop'): void {
    if (this.#end) return
    this.#end = { cause, error }
    if (how === 'kill') this.#process?.kill()
    else this.#process?.stop()
    this.#input.close()
    this.#ended.reject(error)
    this.#listener.end(this.#end)
  }

  /**
   * Waits for a step of the process, or for its end.
   *
   * @param milliseconds the time limit for the step; then the process is ended
   * @param error for the client in that case
   * @throws ApiError the error that the process ended with
   */
  async within<T>(
    step: Promise<T>,
    milliseconds: number,
    error: () => ApiError = () => new RuntimeHung(),
  ): Promise<T> {
    const timer = setTimeout(
      () => this.close('the process did not answer', error(), 'kill'),
      milliseconds,
    )
    try {
      return await Promise.race([this.#ended.promise, step])
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * The same for a request to the process. If the process refuses it, its state is unknown and it
   * is ended.
   */
  step<T>(step: Promise<T>, milliseconds: number): Promise<T> {
    const checked = step.catch((cause: unknown) => {
      this.#closeFailed('the process refused a request', cause)
      throw this.#end?.error ?? cause
    })
    return this.within(checked, milliseconds)
  }

  #start(launcher: Launcher, launch: Launch): SpawnedProcess {
    try {
      this.#process = launcher.start(launch)
    } catch (cause) {
      if (isStartFailure(cause)) this.#startFailure = cause
      throw cause
    }
    this.#process.onDiagnostic((line) => this.#listener.diagnostic(line))
    void this.#endWith(this.#process)
    if (this.#end) this.#process.stop()
    this.#stdin = new PacedInput(this.#process.child.stdin)
    // If a process dies during a write, its exit reports it.
    this.#stdin.on('error', () => {})
    return spawnedProcess(this.#process, this.#stdin)
  }

  async #read(): Promise<void> {
    try {
      for await (const message of this.query) this.#listener.message(message)
      this.#closeFailed('the process ended')
    } catch (cause) {
      this.#closeFailed('the process failed', cause)
    }
  }

  /** The SDK may keep waiting although the process is gone and its output was read. */
  async #endWith({ exited }: RuntimeProcess): Promise<void> {
    await exited
    if (this.#end) return
    setTimeout(() => this.#closeFailed('the process ended'), LAST_OUTPUT_MILLISECONDS)
  }

  /**
   * If the process never started, the cause is the system's reason, whichever event comes first.
   */
  #closeFailed(what: string, cause?: unknown): void {
    const startFailure = this.#startFailure ?? this.#process?.startFailure
    if (startFailure === undefined) this.close(what, new RuntimeEnded(cause))
    else this.close('the process could not be started', new RuntimeNotStarted(startFailure))
  }
}

/** A process in the form for the SDK. */
function spawnedProcess({ child }: RuntimeProcess, stdin: PacedInput): SpawnedProcess {
  return {
    stdin,
    stdout: child.stdout,
    get killed() {
      return child.killed
    },
    get exitCode() {
      return child.exitCode
    },
    get signalCode() {
      return child.signalCode
    },
    kill: (signal) => child.kill(signal),
    on: child.on.bind(child),
    once: child.once.bind(child),
    off: child.off.bind(child),
  }
}
