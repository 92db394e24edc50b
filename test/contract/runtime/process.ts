import { childEnvironment } from '../../../src/config/child-environment.ts'
import { runtimeEnvironment } from '../../../src/runtime/process/environment.ts'
import { Launcher } from '../../../src/runtime/process/launcher.ts'
import type { BlueprintInput, WorkerKind } from '../../../src/runtime/worker/blueprint.ts'
import { Channel, newUuid } from '../../../src/runtime/worker/channel.ts'
import { Link } from '../../../src/runtime/worker/link.ts'
import type { Sandbox } from '../../support/sandbox.ts'

const PATIENCE_MILLISECONDS = 30_000

/** One process of the runtime, started like a worker's, but without a worker. */
export class BareProcess {
  readonly channel: Channel
  /** Lines of its diagnostics. */
  readonly lines: string[] = []
  /** Its messages, oldest first. */
  readonly messages: { type: string; [field: string]: unknown }[] = []
  readonly #link: Link

  constructor(kind: (input: BlueprintInput) => WorkerKind, sandbox: Sandbox) {
    const { options, systemPrompt } = kind({
      environment: childEnvironment(sandbox.env, runtimeEnvironment('0', sandbox.folder)),
      workFolder: sandbox.workFolder,
      model: 'claude-sonnet-4-6',
    })
    this.#link = new Link({ ...options, systemPrompt: systemPrompt('') }, new Launcher(), {
      message: (message) => {
        this.messages.push(message)
        this.channel.receive(message)
      },
      diagnostic: (line) => this.lines.push(line),
      end: () => {},
    })
    this.channel = new Channel(this.#link, PATIENCE_MILLISECONDS)
  }

  /**
   * Sends settings, which stay until they are set again, and then a prompt.
   *
   * @param limit tokens of its own conversation up to which it may send requests
   * @returns the uuid of the message, when the process is done with it
   */
  async ask(prompt: string, extraBody: object, limit: number): Promise<string> {
    await this.set({
      CLAUDE_CODE_EXTRA_BODY: JSON.stringify(extraBody),
      CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE: String(limit),
    })
    const uuid = newUuid()
    await this.channel.ask(prompt, uuid)
    return uuid
  }

  /** Sets variables of its settings. */
  set(env: Record<string, string>): Promise<void> {
    return this.channel.applyFlags({ env })
  }

  /** Its reports about a message, by its uuid. */
  statesOf(uuid: string): unknown[] {
    return this.messages
      .filter((message) => message['command_uuid'] === uuid)
      .map((message) => message['state'])
  }

  async close(): Promise<void> {
    this.#link.close('the test is over', new Error('over') as never, 'kill')
    await this.#link.exited
  }
}
