import type { Message } from '../api/types.ts'
import type { CallAnswer } from './resolution.ts'

/** The state of a process before the prompt. */
export type Opening = {
  model: string
  /** The system prompt; `''` means none. */
  system: string
  /** The client's tools, in the form for the runtime. */
  tools: readonly ClientTool[]
  settings: TurnSettings
  /** The messages before the prompt: roles alternate, and the last is the assistant's. */
  history: readonly Message[]
}

/** One client request as the one request upstream. */
export type Turn = Opening & {
  /** Empty if the last message is the assistant's (prefill, paused turn): then `history` is the whole conversation. */
  prompt: Message['content']
  /**
   * The lineages of the conversation after 0, 1, 2, … messages of the history. Empty if the
   * conversation is sent as a whole: then no worker continues it.
   */
  lineages: readonly string[]
  /** The last of them: a worker must be in this state to get `prompt`. */
  lineage: string
  /** The lineage after the prompt. */
  promptLineage: string
  /** The results of calls by tool use id, if the prompt has nothing else and MCP can carry them. */
  answers: ReadonlyMap<string, CallAnswer> | undefined
  /** The request's `max_tokens`. */
  maxTokens: number | undefined
  /** Whether the model must call a tool. Clients that force a call seldom send its result. */
  isForced: boolean
  /** Whether the API may refuse it in a way that makes the runtime repeat it in another form. */
  mayBeRepaired: boolean
  /**
   * Whether it may be sent without the thoughts of its history, if the API refuses them as bound to
   * another conversation: the runtime's text in front of them may have changed since.
   */
  mayLoseThoughts: boolean
}

/** A tool in MCP's form, which the runtime accepts. */
export type ClientTool = {
  name: string
  description: string
  inputSchema: { type: 'object' }
}

/** The settings of a process for a turn. A later turn in the same process overrides all of them. */
export type TurnSettings = {
  /** JSON of the fields that the runtime merges into the top level of its request. */
  extraBody: string
  /** Values for the `anthropic-beta` header, comma separated. */
  betas: string
  /** Additional headers for the API, as `Name: value` lines. */
  headers: string
  /** Whether the runtime places its own cache breakpoints. */
  runtimeCaching: boolean
  /** How long the runtime's own breakpoints live; `''` is its default. */
  cacheLifetime: '' | '1h'
  /**
   * `'off'`: the runtime disables thinking if the model allows it, and then adds `temperature: 1`.
   * `'on'`: it adds no temperature, and `extraBody` has the `thinking`.
   */
  runtimeThinking: 'on' | 'off'
}
