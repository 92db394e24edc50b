import type { Options } from '@anthropic-ai/claude-agent-sdk'

import { isOn } from '../../config/provider.ts'
import { NO_LIMIT } from '../process/environment.ts'
import { type ReplyReader, ReplyWatch, RunWatch, WholeWatch } from './reply-watch.ts'
import { PLAIN_AGENT } from './settings.ts'
import { TOOL_SERVER } from './toolbox.ts'

/** The options that workers of a kind share. */
export type WorkerKind = {
  options: Options
  /** The options of the start; a conversation's system prompt is set later. */
  systemPrompt: (system: string) => NonNullable<Options['systemPrompt']>
  /** Whether the runtime may continue after calls that it answered itself. */
  answersCalls: boolean
  /** Whether the gate is closed during a reply, to keep the runtime from asking again. */
  needsGate: boolean
  /** Whether the runtime may repeat a request after any 400, whatever its content. */
  repairsAny: boolean
  /** Tokens of the runtime's own conversation up to which it may ask while the gate is open. */
  openLimit: string
  createReader: (clientTools: ReadonlySet<string>) => ReplyReader
}

export type BlueprintInput = {
  /** The environment of the runtime's process, complete. */
  environment: Readonly<Record<string, string>>
  /** The process's working directory; it should hold nothing of the user's. */
  workFolder: string
  /** The model at launch; each turn sets its own. */
  model: string
  /** An executable to use instead of the SDK's. */
  executable?: string | undefined
  /** The user's command that gives the API key. */
  apiKeyHelper?: string | undefined
}

/** A conversation: the runtime has no tools of its own. */
export function conversationKind(input: BlueprintInput): WorkerKind {
  const options = conversationOptions(input)
  return {
    options: {
      ...options,
      // Otherwise the runtime searches its commands and skills for each turn, which costs a tenth
      // of the turn's CPU time.
      extraArgs: { ...options.extraArgs, 'disable-slash-commands': null },
      // Each conversation replaces this prompt: see settings.ts.
      agents: { [PLAIN_AGENT]: { description: 'A conversation', prompt: 'placeholder' } },
    },
    systemPrompt: () => '',
    answersCalls: false,
    needsGate: true,
    repairsAny: REPAIRING_CLOUDS.some((name) => isOn(input.environment[name])),
    openLimit: NO_LIMIT,
    createReader: (clientTools) => new ReplyWatch(clientTools),
  }
}

/**
 * A conversation that is sent as a whole, in the extra body of each request, through a process in
 * bare mode (the mode that the documented `--bare` sets). In this mode the runtime adds nothing,
 * and accepts no subscription.
 *
 * Two limits make it ask once for each turn, however the reply ends (measured with 2.1.330):
 *
 * - After a reply with calls, `maxTurns` ends the turn.
 * - After all other replies, the context limit does. The runtime's own conversation is a prompt of
 *   at most 21 characters, which it counts as 36 tokens. To ask for the rest of a reply it would
 *   need at least 44 tokens. A reply with calls could pass this limit if the API reports fewer than
 *   26 tokens, because these replace the runtime's count.
 */
export function wholeKind(input: BlueprintInput): WorkerKind {
  const kind = conversationKind({
    ...input,
    environment: { ...input.environment, CLAUDE_CODE_SIMPLE: '1' },
  })
  return {
    ...kind,
    options: { ...kind.options, maxTurns: 1 },
    needsGate: false,
    openLimit: '40',
    createReader: () => new WholeWatch(),
  }
}

/**
 * After a 400 with an unknown message, the runtime repeats these requests (measured with 2.1.332).
 */
const REPAIRING_CLOUDS = ['CLAUDE_CODE_USE_BEDROCK', 'CLAUDE_CODE_USE_VERTEX']

/** A run: Claude Code works with its own tools in a folder of the user's until it is done. */
export function runKind(input: BlueprintInput, folder: string): WorkerKind {
  return {
    options: {
      ...conversationOptions(input),
      env: { ...input.environment },
      cwd: folder,
      tools: { type: 'preset', preset: 'claude_code' },
      // Commands are allowed, and by the mode also edits in the folder. Anything that needs a
      // question to the user is denied.
      allowedTools: ['Bash'],
      permissionMode: 'acceptEdits',
      permissionPrompts: 'none',
    },
    systemPrompt: (append) => ({ type: 'preset', preset: 'claude_code', append }),
    answersCalls: true,
    needsGate: false,
    repairsAny: false,
    openLimit: NO_LIMIT,
    createReader: () => new RunWatch(),
  }
}

/**
 * The options that all conversations share. They make up the command line, so any process with
 * these options can serve any conversation. Everything that differs travels on stdin.
 */
function conversationOptions({
  environment,
  workFolder,
  model,
  executable,
  apiKeyHelper,
}: BlueprintInput): Options {
  return {
    env: { ...environment, ...WITHOUT_SKILLS, ...WITHOUT_OTHER_MODELS },
    cwd: workFolder,
    model,
    ...(executable !== undefined && { pathToClaudeCodeExecutable: executable }),
    // The client's text is data: no `@path` is read, no `/command` is run.
    verbatimPrompts: true,
    // The user's own set-up is not loaded, and nothing is written.
    settingSources: [],
    strictMcpConfig: true,
    persistSession: false,
    // The runtime's own tools are off. The client's need no permission, because the client runs
    // them.
    tools: [],
    allowedTools: [`mcp__${TOOL_SERVER}`],
    permissionMode: 'default',
    includePartialMessages: true,
    thinking: { type: 'disabled' },
    settings: {
      ...(apiKeyHelper !== undefined && { apiKeyHelper }),
      attribution: { commit: '', pr: '' },
      // Otherwise a client's tool named `Agent` makes the runtime add a list with this agent.
      permissions: { deny: [`Agent(${PLAIN_AGENT})`] },
      // Otherwise the runtime spends some milliseconds before each prompt on a search for AGENTS.md
      // files.
      enabledPlugins: { 'cc-plugin-agents-md@builtin': false },
    },
    // The only source of the API's own error message.
    extraArgs: { 'debug-to-stderr': null },
  }
}

/** A conversation does not need them, and they cost a tenth of the time of a start. */
const WITHOUT_SKILLS = {
  CLAUDE_CODE_DISABLE_BUNDLED_SKILLS: '1',
  CLAUDE_CODE_DISABLE_POLICY_SKILLS: '1',
}

/**
 * On a cloud, a refusal makes the runtime ask five other models for a token each, to find one to move to
 * (measured with 2.1.332).
 */
const WITHOUT_OTHER_MODELS = { CLAUDE_CODE_DISABLE_MODEL_ACCESS_FALLBACK: '1' }
