import type { McpSdkServerConfigWithInstance } from '@anthropic-ai/claude-agent-sdk'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'

import type { CallAnswer } from '../plan/resolution.ts'
import type { ClientTool } from '../plan/turn.ts'

/** The name of the one MCP server of a session; the tools are allowed by it. */
export const TOOL_SERVER = 'client'

/**
 * The most that the runtime lets a tool announce for a result (a `_meta` of MCP); without it,
 * results over 50,000 characters are moved to a file.
 */
const MAX_RESULT_CHARACTERS = 500_000

/** Longer than any session is held: what ends a call that no one answers is the session's end. */
const CALL_TIMEOUT_MILLISECONDS = 24 * 60 * 60 * 1000

/**
 * The client's tools, as an MCP server inside this process. A call waits here for its answer for as
 * long as the session lives; the runtime may make the calls of one reply one after another.
 */
export class Toolbox {
  readonly names: ReadonlySet<string>
  readonly server: McpSdkServerConfigWithInstance
  readonly #answers = new Map<string, CallAnswer>()
  readonly #waiting = new Map<string, (answer: CallToolResult) => void>()

  constructor(tools: readonly ClientTool[], version: string) {
    this.names = new Set(tools.map((tool) => tool.name))
    const server = new Server({ name: TOOL_SERVER, version }, { capabilities: { tools: {} } })
    const listed = tools.map((tool) => ({
      ...tool,
      _meta: {
        'anthropic/alwaysLoad': true,
        'anthropic/maxResultSizeChars': MAX_RESULT_CHARACTERS,
      },
    }))
    server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: listed }))
    server.setRequestHandler(CallToolRequestSchema, (request) => {
      const id = request.params._meta?.['claudecode/toolUseId']
      if (typeof id !== 'string') throw new Error('The runtime called a tool without its id.')
      return this.#answerTo(id)
    })
    this.server = {
      type: 'sdk',
      name: TOOL_SERVER,
      timeout: CALL_TIMEOUT_MILLISECONDS,
      // The SDK's type names the high-level server; it only connects it.
      instance: server as unknown as McpSdkServerConfigWithInstance['instance'],
    }
  }

  /** Answers calls by tool use id, those that were made and those that are still to come. */
  answer(answers: ReadonlyMap<string, CallAnswer>): void {
    for (const [id, answer] of answers) {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (waiting) waiting(answer)
      else this.#answers.set(id, answer)
    }
  }

  #answerTo(id: string): Promise<CallToolResult> | CallToolResult {
    const answer = this.#answers.get(id)
    this.#answers.delete(id)
    return answer ?? new Promise((resolve) => this.#waiting.set(id, resolve))
  }
}
