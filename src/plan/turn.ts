import type { Message } from '../api/types.ts'

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
  /** Empty where the conversation ends with the assistant, who is to go on: the history is all then. */
  prompt: Message['content']
  /** The name of the state of a process that was told everything but the history. */
  origin: string
  /** The name of the state that a process must be in to be asked `prompt` without a replay. */
  lineage: string
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
  /** Whether the runtime places its own cache breakpoints. */
  runtimeCaching: boolean
  /**
   * `'off'`: the runtime asks for thinking to be disabled where the model allows that, and then
   * adds `temperature: 1`. `'on'`: it adds no temperature, and `extraBody` says what of thinking.
   */
  runtimeThinking: 'on' | 'off'
}
