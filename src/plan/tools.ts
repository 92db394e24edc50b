import type { ToolDefinition } from '../api/types.ts'
import type { ClientTool } from './turn.ts'

export type ToolsPlan = {
  /** The tools whose calls the client answers. */
  tools: ClientTool[]
  /** The list as it must stand on the wire, where the runtime would write it otherwise. */
  bodyTools?: readonly ToolDefinition[]
}

/**
 * Splits a request's tools into what the runtime learns through MCP and what must be put on the
 * wire word by word.
 *
 * MCP carries a name, a description and a schema, and the runtime sorts by name and writes
 * `description: ""` where there is none. Anything else (server tools, Anthropic-defined tools,
 * `strict`, `cache_control`, another order) needs the list itself; calls still come through MCP.
 */
export function planTools(definitions: readonly ToolDefinition[]): ToolsPlan {
  const tools = new Map<string, ClientTool>()
  for (const definition of definitions) {
    if (isAnsweredByClient(definition)) tools.set(definition.name, describe(definition))
  }
  return {
    tools: [...tools.values()],
    ...(!carriedByMcp(definitions) && { bodyTools: definitions }),
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

function describe(definition: ToolDefinition & { name: string }): ClientTool {
  const { name, description, input_schema: schema } = definition
  return {
    name,
    description: description ?? '',
    inputSchema: isObjectSchema(schema) ? schema : { type: 'object' },
  }
}

function isObjectSchema(schema: unknown): schema is ClientTool['inputSchema'] {
  return (
    typeof schema === 'object' && schema !== null && 'type' in schema && schema.type === 'object'
  )
}

const MCP_FIELDS = new Set(['name', 'description', 'input_schema'])

function carriedByMcp(definitions: readonly ToolDefinition[]): boolean {
  return definitions.every((definition, index) => {
    const previous = definitions[index - 1]
    return (
      Object.keys(definition).every((field) => MCP_FIELDS.has(field)) &&
      typeof definition.name === 'string' &&
      Boolean(definition.description) &&
      isObjectSchema(definition.input_schema) &&
      (previous === undefined || String(previous.name) < definition.name)
    )
  })
}
