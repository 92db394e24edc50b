import type { TurnSettings } from '../../plan/turn.ts'
import type { Channel, Flags } from './channel.ts'

/** Whether the runtime may send a request upstream. */
export type Gate = 'open' | 'closed'

/** The state of a process besides its conversation. */
export type State = {
  model: string
  /** `''` for none. */
  system: string
  settings: TurnSettings
}

/** The settings of a process for something other than a client's turn: a warm-up, or a count. */
export const PLAIN_SETTINGS: TurnSettings = {
  extraBody: '{}',
  betas: '',
  headers: '',
  runtimeCaching: true,
  cacheLifetime: '',
  runtimeThinking: 'off',
}

/** An agent by this name is defined at launch; its system prompt can be replaced. */
export const PLAIN_AGENT = 'plain'

/** An extra body with which no request can be sent: no header has this character. */
const UNSENDABLE = JSON.stringify({ betas: ['\u0000'] })

const THINKING_TOKENS = { off: 0, on: 1024 }

/**
 * The settings of one process. Only differences are sent, because each `applyFlagSettings` costs
 * the runtime 4 to 6 ms of CPU.
 *
 * The **gate** is one of them. It is closed once the request of a turn was sent, so that the
 * runtime sends no other request before the next turn. It has two parts:
 *
 * - With a limit of one token the runtime refuses by itself to begin another request.
 * - After a 400 or a 404 of the API the runtime may repeat a request in another form. That does not count
 *   as a new request and passes the limit. But it uses the current extra body, and a header that can't
 *   be written keeps it from being sent (measured with 2.1.332).
 */
export class ProcessSettings {
  readonly #channel: Channel
  readonly #openLimit: string
  readonly #ownHeaders: string
  #model: string | undefined
  #system = ''
  #thinking: TurnSettings['runtimeThinking'] = 'off'
  #settings: TurnSettings | undefined
  #env: Readonly<Record<string, string>> | undefined
  #gate: Gate = 'open'
  /** Whether the process has acknowledged that the gate is closed. */
  #isClosed = false
  /** The runtime remembers `anthropic-beta` for each model. */
  readonly #betas = new Map<string, string>()

  /**
   * @param openLimit the context limit while the gate is open: above it the runtime refuses to ask.
   * Tokens of the runtime's own conversation
   * @param ownHeaders headers for the API that the user set for all requests, as `Name: value`
   * lines
   */
  constructor(channel: Channel, openLimit: string, ownHeaders: string) {
    this.#channel = channel
    this.#openLimit = openLimit
    this.#ownHeaders = ownHeaders
  }

  get gate(): Gate {
    return this.#gate
  }

  /** Whether the process has acknowledged that its gate is closed, which takes some milliseconds. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Whether the process can ask a model with these betas: a model keeps its first list. */
  takes(model: string, betas: string): boolean {
    return (this.#betas.get(model) ?? betas) === betas
  }

  /**
   * Brings the process to a state. Its conversation must be empty if model or system prompt change.
   *
   * @param gate set in the same step
   */
  async apply({ model, system, settings }: State, gate: Gate): Promise<void> {
    const flags = this.#differences({ model, system, settings }, gate)
    const steps: Promise<void>[] = []
    if (settings.runtimeThinking !== this.#thinking) {
      this.#thinking = settings.runtimeThinking
      steps.push(this.#channel.setThinkingTokens(THINKING_TOKENS[settings.runtimeThinking]))
    }
    // The runtime applies these in the order in which they are written.
    if (Object.keys(flags).length > 0) steps.push(this.#channel.applyFlags(flags))
    if (system !== this.#system && system !== '') {
      steps.push(this.#channel.setSystemPrompt(system, model))
    }
    this.#system = system
    this.#betas.set(model, settings.betas)
    await Promise.all(steps)
    this.#acknowledge(gate)
  }

  /** Sets only the gate. */
  async setGate(gate: Gate): Promise<void> {
    if (this.#settings === undefined || gate === this.#gate) return
    const env = this.#environmentOf(this.#settings, gate)
    this.#gate = gate
    this.#isClosed = false
    this.#env = env
    await this.#channel.applyFlags({ env })
    this.#acknowledge(gate)
  }

  /** The gate may have been set again since. */
  #acknowledge(gate: Gate): void {
    this.#isClosed = gate === 'closed' && this.#gate === gate
  }

  #differences({ model, system, settings }: State, gate: Gate): Flags {
    const env = this.#environmentOf(settings, gate)
    const flags: Flags = {
      ...(model !== this.#model && { model }),
      ...((system === '') !== (this.#system === '') && {
        agent: system === '' ? null : PLAIN_AGENT,
      }),
      ...(!isEqual(env, this.#env) && { env }),
    }
    this.#model = model
    this.#settings = settings
    this.#env = env
    this.#gate = gate
    this.#isClosed = false
    return flags
  }

  /** A value stays until it is replaced, so every value is always present. */
  #environmentOf(settings: TurnSettings, gate: Gate): Record<string, string> {
    return {
      CLAUDE_CODE_EXTRA_BODY: gate === 'open' ? settings.extraBody : UNSENDABLE,
      ANTHROPIC_BETAS: settings.betas,
      ANTHROPIC_CUSTOM_HEADERS: [this.#ownHeaders, settings.headers].filter(Boolean).join('\n'),
      DISABLE_PROMPT_CACHING: settings.runtimeCaching ? '' : '1',
      CLAUDE_CODE_PROMPT_CACHE_TTL: settings.cacheLifetime,
      // Otherwise the runtime asks for thinking by itself; the client's own wish is in the body.
      CLAUDE_CODE_DISABLE_THINKING: settings.runtimeThinking === 'on' ? '' : '1',
      // The context limit, in tokens of the runtime's conversation: above it the runtime refuses to
      // ask.
      CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE: gate === 'open' ? this.#openLimit : '1',
    }
  }
}

/** Compares the values: comparing JSON would write a body of many megabytes twice. */
function isEqual(
  env: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>> | undefined,
): boolean {
  return other !== undefined && Object.entries(env).every(([name, value]) => other[name] === value)
}
