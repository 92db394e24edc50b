import type { Message } from '../api/types.ts'
import type { CallAnswer } from './resolution.ts'

/** What a process is brought to before it is asked anything. */
export type Opening = {
  model: string
  /** The system prompt; `''` means none. */
  system: string
  /** The tools that the model may call and the client answers, as the runtime is told of them. */
  tools: readonly ClientTool[]
  settings: TurnSettings
  /** The turns before the prompt: roles alternate, the assistant's is the last. */
  history: readonly Message[]
}

/** What must be asked upstream for one client request: exactly one request, exactly this. */
export type Turn = Opening & {
  /** Empty if the last message is the assistant's (prefill, paused turn): then `history` is the whole conversation. */
  prompt: Message['content']
  /**
   * The lineages of the conversation after 0, 1, 2, … messages of the history; empty if the conversation
   * goes whole, so that no worker goes on with it.
   */
  lineages: readonly string[]
  /** The last of them: the state that a worker must be in to be asked `prompt`. */
  lineage: string
  /** The lineage after the prompt. */
  promptLineage: string
  /** The results of calls, if the prompt brings nothing else and MCP can carry them. By tool use id. */
  answers: ReadonlyMap<string, CallAnswer> | undefined
  /** Whether the model must call a tool: clients that ask so seldom bring its result. */
  isForced: boolean
  /** Whether the API may refuse it in a way that makes the runtime ask again, in another way. */
  mayBeRepaired: boolean
  /**
   * Whether it may be asked without the thoughts of its history, if the API holds them to be bound to another
   * conversation: what the runtime adds in front of them may have changed since.
   */
  mayLoseThoughts: boolean
}

/** A tool in the words of MCP, which is how the runtime takes it. */
export type ClientTool = {
  name: string
  description: string
  inputSchema: { type: 'object' }
}

/** What a process is told before the prompt. A later turn in the same process overrides all of it. */
export type TurnSettings = {
  /** JSON of the fields that the runtime merges into the top level of its request. */
  extraBody: string
  /** Values for the `anthropic-beta` header, comma separated. */
  betas: string
  /** Headers for the API beside the runtime's own, as `Name: value` lines. */
  headers: string
  /** Whether the runtime places its own cache breakpoints. */
  runtimeCaching: boolean
  /** How long the runtime's own breakpoints live; `''` is its default. */
  cacheLifetime: '' | '1h'
  /**
   * `'off'`: the runtime asks for thinking to be disabled where the model allows that, and then
   * adds `temperature: 1`. `'on'`: it adds no temperature, and `extraBody` says what of thinking.
   */
  runtimeThinking: 'on' | 'off'
}
