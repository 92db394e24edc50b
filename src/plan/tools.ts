import type { ToolDefinition } from '../api/types.ts'
import type { ClientTool } from './turn.ts'

export type ToolsPlan = {
  /** The tools whose calls the client answers, in the form for the runtime. */
  tools: ClientTool[]
  /** The list for the wire; absent if the request has none. */
  bodyTools?: readonly ToolDefinition[]
}

/**
 * Splits a request's tools: the runtime gets their names, which it needs to pass calls on; the wire
 * gets the client's own list, unchanged.
 *
 * If the runtime got the whole tools, it would reorder them, cut long descriptions, rewrite some
 * schemas and drop tools whose schema it does not accept.
 */
export function planTools(definitions: readonly ToolDefinition[]): ToolsPlan {
  const names = definitions.filter(isAnsweredByClient).map(({ name }) => name)
  return {
    tools: [...new Set(names)].map((name) => ({
      name,
      description: 'A tool of the client.',
      inputSchema: { type: 'object' },
    })),
    ...(definitions.length > 0 && { bodyTools: definitions }),
  }
}

/**
 * Anthropic-defined tools that run on the client's side. All other typed tools run on the API's.
 * Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview
 */
const ANTHROPIC_CLIENT_TOOL = /^(bash|text_editor|computer|memory)_\d+$/

function isAnsweredByClient(
  definition: ToolDefinition,
): definition is ToolDefinition & { name: string } {
  const { type, name } = definition
  return typeof name === 'string' && (isCustom(type) || ANTHROPIC_CLIENT_TOOL.test(type))
}

function isCustom(type: string | null | undefined): type is 'custom' | null | undefined {
  return type === undefined || type === null || type === 'custom'
}
