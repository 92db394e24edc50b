import { setTimeout } from 'node:timers/promises'

import type { McpSdkServerConfigWithInstance } from '@anthropic-ai/claude-agent-sdk'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'

import { Deferred } from '../../deferred.ts'
import type { CallAnswer } from '../../plan/resolution.ts'
import type { ClientTool } from '../../plan/turn.ts'

/** The name of the one MCP server of a process; the permission for its tools uses this name. */
export const TOOL_SERVER = 'client'

/**
 * The largest result size that the runtime lets a tool announce (a `_meta` of MCP). Without it, the
 * runtime moves results over 50,000 characters to a file.
 */
const MAX_RESULT_CHARACTERS = 500_000

const LOOK_AGAIN_MILLISECONDS = 2

/**
 * How often to ask for the names at most. If they never come, the turn fails visibly: the runtime
 * ignores calls of unknown tools.
 */
const MAX_LOOKS = 50

/** Longer than any call is held: a call without a result ends when its turn is given up. */
const CALL_TIMEOUT_MILLISECONDS = 24 * 60 * 60 * 1000

/**
 * The tools of the client whose conversation the process holds, as an MCP server inside this
 * process. A call waits here for its result until the turn is given up. The runtime may make the
 * calls of one reply one after another.
 */
export class Toolbox {
  readonly server: McpSdkServerConfigWithInstance
  readonly #mcp: Server
  readonly #answers = new Map<string, CallAnswer>()
  readonly #waiting = new Map<string, (answer: CallToolResult) => void>()
  #tools: readonly ClientTool[] = []
  /** Settles when the runtime has asked for the current list. */
  #listed = new Deferred<void>()

  constructor(version: string) {
    const mcp = new Server(
      { name: TOOL_SERVER, version },
      { capabilities: { tools: { listChanged: true } } },
    )
    mcp.setRequestHandler(ListToolsRequestSchema, () => {
      this.#listed.resolve()
      return { tools: this.#tools.map(announced) }
    })
    mcp.setRequestHandler(CallToolRequestSchema, (request) => {
      const id = request.params._meta?.['claudecode/toolUseId']
      if (typeof id !== 'string') throw new Error('The runtime called a tool without its id.')
      return this.#answerTo(id)
    })
    this.#mcp = mcp
    this.server = {
      type: 'sdk',
      name: TOOL_SERVER,
      timeout: CALL_TIMEOUT_MILLISECONDS,
      // The SDK's type demands the high-level server, but the SDK only connects it.
      instance: mcp as unknown as McpSdkServerConfigWithInstance['instance'],
    }
  }

  get names(): ReadonlySet<string> {
    return new Set(this.#tools.map(({ name }) => name))
  }

  /**
   * Replaces the tools. The process must be initialized.
   *
   * @param known asks the runtime which tools it knows. For some milliseconds after it got a new
   * list, it still reports the previous one
   * @returns resolves when the runtime knows the new tools
   */
  async offer(tools: readonly ClientTool[], known: () => Promise<string[]>): Promise<void> {
    if (JSON.stringify(tools) === JSON.stringify(this.#tools)) return
    this.#tools = tools
    this.#listed = new Deferred()
    await this.#mcp.sendToolListChanged()
    await this.#listed.promise
    const wanted = tools.map(({ name }) => name)
    // After its first turn, a process also keeps the names of earlier tools.
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      const names = new Set(await known())
      if (names.size === wanted.length && wanted.every((name) => names.has(name))) return
      if (look > 0 && wanted.every((name) => names.has(name))) return
      await setTimeout(LOOK_AGAIN_MILLISECONDS)
    }
  }

  /** Answers calls by tool use id: those already made, and those still to come. */
  answer(answers: ReadonlyMap<string, CallAnswer>): void {
    for (const [id, answer] of answers) {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (waiting) waiting(answer)
      else this.#answers.set(id, answer)
    }
  }

  /**
   * Forgets calls and results of a turn that was given up: the runtime no longer waits for them.
   */
  reset(): void {
    this.#answers.clear()
    this.#waiting.clear()
  }

  #answerTo(id: string): Promise<CallToolResult> | CallToolResult {
    const answer = this.#answers.get(id)
    this.#answers.delete(id)
    return answer ?? new Promise((resolve) => this.#waiting.set(id, resolve))
  }
}

function announced(tool: ClientTool): ClientTool & { _meta: object } {
  return {
    ...tool,
    _meta: {
      'anthropic/alwaysLoad': true,
      'anthropic/maxResultSizeChars': MAX_RESULT_CHARACTERS,
    },
  }
}
