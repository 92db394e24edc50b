import type { ApiError } from '../../errors.ts'
import type { Opening } from '../../plan/turn.ts'
import type { Channel } from './channel.ts'
import { RuntimeEnded } from './failures.ts'
import type { Link } from './link.ts'
import { openConversation, type OpeningParts, putHistory, putUnasked } from './opening.ts'
import type { ProcessSettings } from './settings.ts'
import type { Toolbox } from './toolbox.ts'
import { type Cut, Transcript } from './transcript.ts'

/** How a worker is brought to the state before a turn's prompt. */
export type Way =
  /** Nothing has to be done. */
  | { kind: 'continue' }
  /** Everything that it holds is the beginning of the turn's conversation: it gets the rest. */
  | { kind: 'extend'; keep: number }
  /**
   * It is cut back to the beginning that it shares with the turn's conversation, and gets the rest.
   */
  | { kind: 'rewind'; cut: Cut }
  /** It is emptied, and gets the whole conversation. */
  | { kind: 'open' }

/** A conversation, and its lineages after 0, 1, 2, … messages. */
export type TracedOpening = Opening & { lineages: readonly string[] }

export type HeldConversationInput = {
  link: Link
  channel: Channel
  settings: ProcessSettings
  toolbox: Toolbox
  /** Whether the process is for a run, in which the runtime answers calls by itself. */
  isRun: boolean
  /** Time limit for each step, in milliseconds. */
  startTimeout: number
}

/** The time that the runtime may take to clean up after a reply or an interrupt. */
const SETTLE_MILLISECONDS = 10_000

/**
 * The conversation that a process holds, and the steps that replace it by another one.
 *
 * Each step throws the `ApiError` that the process ended with, if it ends. A process that refuses a
 * rewind is ended, because its content is unknown.
 */
export class HeldConversation {
  readonly transcript = new Transcript()
  /** Resolves when the process has finished the latest turn. */
  settled: Promise<void> = Promise.resolve()
  readonly #input: HeldConversationInput

  constructor(input: HeldConversationInput) {
    this.#input = input
  }

  /**
   * Brings the process to the state before a turn's prompt.
   *
   * @param look throws if the client has left
   */
  async bringTo(turn: TracedOpening, way: Way, look: () => void): Promise<void> {
    const { settings } = this.#input
    const parts = this.#parts(look)
    switch (way.kind) {
      case 'continue':
        look()
        await settings.apply(turn, 'open')
        return
      case 'open':
        await this.empty()
        look()
        await this.#open(parts, turn)
        return
      case 'extend':
        await this.untilSettled()
        look()
        await settings.apply(turn, 'open')
        await putHistory(parts, turn, way.keep)
        return
      case 'rewind':
        await this.rewind(way.cut)
        look()
        await settings.apply(turn, 'open')
        await putHistory(parts, turn, way.cut.keep)
        return
      default:
        throw new Error(`Unknown way ${String(way satisfies never)}.`)
    }
  }

  /** Replaces the conversation by one that is counted and never asked. */
  async bringToCount(opening: Opening, look: () => void): Promise<void> {
    const parts = this.#parts(look)
    await this.empty()
    this.transcript.begin()
    look()
    await Promise.all([this.#input.settings.apply(opening, 'open'), parts.offer(opening.tools)])
    await putUnasked(parts, opening.history, opening.model)
    look()
  }

  /** Rewinds the process to nothing. */
  async empty(): Promise<void> {
    if (this.transcript.isEmpty) {
      await this.untilSettled()
      return
    }
    const { whole } = this.transcript
    if (whole === undefined) throw this.#unusable('its conversation can not be cut away')
    await this.rewind(whole)
  }

  /** @param cut undefined if it has no position to rewind to: the process is then ended */
  async rewind(cut: Cut | undefined): Promise<void> {
    if (cut === undefined) throw this.#unusable('it has no position to rewind to')
    const isCut = await this.#input.channel.rewind(cut, this.transcript.newest)
    if (!isCut) throw this.#unusable('it refused to rewind')
    this.#input.toolbox.reset()
    await this.untilSettled()
    this.transcript.cut(cut)
  }

  /** The runtime needs some milliseconds to clean up after a reply. */
  async untilSettled(): Promise<void> {
    await this.#input.link.within(this.settled, SETTLE_MILLISECONDS)
  }

  async #open(parts: OpeningParts, turn: TracedOpening): Promise<void> {
    if (!this.#input.isRun) {
      await openConversation(parts, turn)
      return
    }
    // A run gets its system prompt at the start, and its gate is always open.
    await this.#input.settings.apply({ ...turn, system: '' }, 'open')
    await putUnasked(parts, turn.history, turn.model)
  }

  #parts(look: () => void): OpeningParts {
    const { link, channel, settings, toolbox, startTimeout } = this.#input
    const offer = (tools: Opening['tools']): Promise<void> =>
      link.step(
        toolbox.offer(tools, () => channel.toolNames()),
        startTimeout,
      )
    return { channel, settings, offer, transcript: this.transcript, look }
  }

  #unusable(cause: string): ApiError {
    const { link } = this.#input
    link.close(cause, new RuntimeEnded(cause), 'kill')
    return link.end?.error ?? new RuntimeEnded(cause)
  }
}
