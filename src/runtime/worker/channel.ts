import { randomUUID } from 'node:crypto'

import type {
  Query,
  SDKControlGetContextUsageResponse,
  SDKMessage,
} from '@anthropic-ai/claude-agent-sdk'

import type { Message } from '../../api/types.ts'
import { Deferred } from '../../deferred.ts'
import type { ListedModel } from '../login/listed-model.ts'
import { assistantFrame, userFrame, userTextFrame } from './frames.ts'
import type { Link } from './link.ts'
import type { Cut } from './transcript.ts'

/** The settings that a process accepts between turns. An absent key keeps its value. */
export type Flags = {
  model?: string
  /** The agent that gives the system prompt; `null` for none. */
  agent?: string | null
  env?: Readonly<Record<string, string>>
}

/** Control requests that the SDK can send, though its types lack them. */
type Controls = {
  request: (request: { subtype: string; [field: string]: unknown }) => Promise<{
    response?: Record<string, unknown>
  }>
}

/** The acknowledgement of a user message, by its uuid. */
type Lifecycle = { type: 'command_lifecycle'; command_uuid: string; state: string }

/**
 * All requests to a process, and how it acknowledges them (measured with runtime 2.1.330). The link
 * limits the time of each step.
 */
export class Channel {
  readonly #link: Link
  readonly #query: Query & Controls
  readonly #timeout: number
  /** User messages that the runtime has not acknowledged yet, by uuid. */
  readonly #pending = new Map<string, Deferred<void>>()

  /** @param timeout milliseconds for each step */
  constructor(link: Link, timeout: number) {
    this.#link = link
    this.#query = link.query as Query & Controls
    this.#timeout = timeout
  }

  /** Resolves with the models of the login when the process accepts requests. */
  async initialized(): Promise<readonly ListedModel[]> {
    const { models } = await this.#step(this.#query.initializationResult())
    return models
  }

  async applyFlags({ env, ...others }: Flags): Promise<void> {
    const flags = { ...others, ...(env && { env: this.#namesOf(env) }) }
    // The SDK's type has no `null`.
    await this.#step(
      this.#query.applyFlagSettings(flags as Parameters<Query['applyFlagSettings']>[0]),
    )
  }

  async setThinkingTokens(tokens: number): Promise<void> {
    await this.#step(this.#query.setMaxThinkingTokens(tokens))
  }

  /** Replaces the system prompt. The model must be the current one of the process. */
  async setSystemPrompt(text: string, model: string): Promise<void> {
    await this.#control({
      subtype: 'set_model',
      model,
      system_prompt: this.#link.nameOf(text),
      only_if_model_is_current: true,
    })
  }

  /**
   * Cuts the conversation before a user message. A turn in progress is interrupted.
   *
   * @param newest the newest user message; the runtime refuses to cut if there is a newer one
   * @returns whether the runtime made the cut
   */
  async rewind({ target }: Cut, newest: string | undefined): Promise<boolean> {
    const answer = await this.#control({
      subtype: 'rewind_conversation',
      target_message_uuid: target,
      ...(newest !== undefined && { last_seen_user_message_uuid: newest }),
      interrupt_if_running: true,
    })
    return answer['rewound'] === true
  }

  /**
   * Interrupts the turn in progress. The turn is over when its message is acknowledged.
   *
   * @returns the uuids of messages that never entered the conversation; a rewind to them is not
   * possible
   */
  async interrupt(): Promise<ReadonlySet<unknown>> {
    const { cancelled } = await this.#control({ subtype: 'interrupt', cancel_queued: true })
    return new Set(Array.isArray(cancelled) ? cancelled : [])
  }

  /** The names of the client's tools that the runtime knows at present. */
  async toolNames(): Promise<string[]> {
    const { mcpTools } = await this.contextUsage('summary')
    return mcpTools.map(({ name }) => name)
  }

  async contextUsage(detail: 'full' | 'summary'): Promise<SDKControlGetContextUsageResponse> {
    return this.#step(this.#query.getContextUsage({ detail }))
  }

  /**
   * Writes a user message for the model to answer.
   *
   * @returns resolves when the runtime has finished the message and everything that followed from
   * it
   */
  ask(content: Message['content'], uuid: string): Promise<void> {
    const done = new Deferred<void>()
    this.#pending.set(uuid, done)
    this.#link.write(userFrame(content, uuid, true))
    return done.promise
  }

  /**
   * Asks behind the closed gate: nothing goes upstream, and the message stays in the conversation.
   */
  async askBehindGate(content: Message['content'], uuid: string): Promise<void> {
    await this.#step(this.ask(content, uuid))
  }

  /** Puts a user message into the conversation, and waits for the acknowledgement. */
  async putUser(content: Message['content'], uuid: string): Promise<void> {
    const done = new Deferred<void>()
    this.#pending.set(uuid, done)
    this.#link.write(userFrame(content, uuid, false))
    await this.#step(done.promise)
  }

  /** Puts a user message of plain text into the conversation. The runtime acknowledges nothing. */
  putUserText(text: string, uuid: string): void {
    this.#link.write(userTextFrame(text, uuid))
  }

  /** Puts an assistant message into the conversation. The runtime acknowledges nothing. */
  putAssistant(content: Message['content'], model: string): void {
    this.#link.write(assistantFrame(content, model))
  }

  /** Call it with each message of the process. */
  receive(message: SDKMessage): void {
    const { type, command_uuid: uuid, state } = message as unknown as Lifecycle
    if (type !== 'command_lifecycle' || state === 'queued' || state === 'started') return
    this.#pending.get(uuid)?.resolve()
    this.#pending.delete(uuid)
  }

  /** The request's body is one of the variables. */
  #namesOf(env: Readonly<Record<string, string>>): Record<string, string> {
    const named = Object.entries(env).map(([name, value]) => [name, this.#link.nameOf(value)])
    return Object.fromEntries(named) as Record<string, string>
  }

  async #control(request: {
    subtype: string
    [field: string]: unknown
  }): Promise<Record<string, unknown>> {
    const { response = {} } = await this.#step(this.#query.request(request))
    return response
  }

  #step<T>(step: Promise<T>): Promise<T> {
    return this.#link.step(step, this.#timeout)
  }
}

export function newUuid(): string {
  return randomUUID()
}
