import type { Options } from '@anthropic-ai/claude-agent-sdk'

import { TOOL_SERVER } from './toolbox.ts'

export type BlueprintInput = {
  /** The environment of the runtime's process, complete. */
  environment: Readonly<Record<string, string>>
  /** The process's working directory; nothing of the user's should be in it. */
  workFolder: string
  /** The model named at launch; a turn names its own. */
  model: string
  /** Another executable than the one that comes with the SDK. */
  executable?: string | undefined
}

/**
 * The SDK options that all conversations share: they make up the command line, so that any process
 * started with them serves any conversation. What differs travels on stdin.
 */
export function blueprint({ environment, workFolder, model, executable }: BlueprintInput): Options {
  return {
    env: { ...environment },
    cwd: workFolder,
    model,
    ...(executable !== undefined && { pathToClaudeCodeExecutable: executable }),
    // The client's text is data: no `@path` is read, no `/command` is run.
    verbatimPrompts: true,
    // Nothing of the user's own set-up is loaded, and nothing is written.
    settingSources: [],
    strictMcpConfig: true,
    persistSession: false,
    // None of the runtime's own tools; the client's need no permission, for the client runs them.
    tools: [],
    allowedTools: [`mcp__${TOOL_SERVER}`],
    permissionMode: 'default',
    includePartialMessages: true,
    thinking: { type: 'disabled' },
    settings: { attribution: { commit: '', pr: '' } },
    // The only place where the API's own words of an error are to be had.
    extraArgs: { 'debug-to-stderr': null },
  }
}
