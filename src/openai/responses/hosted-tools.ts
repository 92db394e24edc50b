import type { Tool } from 'openai/resources/responses/responses'

import type { ToolDefinition } from '../../api/types.ts'

/** The name of the API's tool that runs code. */
export const CODE_EXECUTION = 'code_execution'
export const WEB_FETCH = 'web_fetch'

/** Source: https://platform.claude.com/docs/en/agents-and-tools/mcp-connector */
export const MCP_BETA = 'mcp-client-2025-11-20'

/** Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/code-execution-tool */
export const CODE_EXECUTION_TOOL: ToolDefinition = {
  type: 'code_execution_20250825',
  name: CODE_EXECUTION,
}

/** Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-fetch-tool */
export const WEB_FETCH_TOOL: ToolDefinition = { type: 'web_fetch_20250910', name: WEB_FETCH }

/** A remote MCP server, as the API connects to it. */
export type McpServer = {
  server: { type: 'url'; name: string; url: string; authorization_token?: string }
  toolset: ToolDefinition
}

/**
 * An MCP server for the API's connector, if its tools may be called without approval. The API can't
 * ask for approval, so tools that need it are not offered.
 *
 * @returns `undefined` if there is no URL (a connector of OpenAI's), or no tool may be called
 */
export function mcpServer(tool: Tool.Mcp): McpServer | undefined {
  if (!tool.server_url) return undefined
  const free = freeTools(tool)
  if (free === 'none') return undefined
  const token = tokenOf(tool)
  return {
    server: {
      type: 'url',
      name: tool.server_label,
      url: tool.server_url,
      ...(token !== undefined && { authorization_token: token }),
    },
    toolset: {
      type: 'mcp_toolset',
      mcp_server_name: tool.server_label,
      ...(free !== 'all' && {
        default_config: { enabled: false },
        configs: Object.fromEntries(free.map((name) => [name, { enabled: true }])),
      }),
    },
  }
}

/** The tools of a server that may be called without approval. */
function freeTools(tool: Tool.Mcp): string[] | 'all' | 'none' {
  const allowed = namesIn(tool.allowed_tools)
  const approval = tool.require_approval
  if (approval === 'never') return allowed ?? 'all'
  if (typeof approval !== 'object' || approval === null) return 'none'
  const never = approval.never?.tool_names
  const free = never?.filter((name) => allowed?.includes(name) ?? true) ?? []
  return free.length > 0 ? free : 'none'
}

function namesIn(allowed: Tool.Mcp['allowed_tools']): string[] | undefined {
  if (Array.isArray(allowed)) return allowed
  return allowed?.tool_names
}

/** The API sends a server one header only: `Authorization`. */
function tokenOf({ authorization, headers }: Tool.Mcp): string | undefined {
  if (authorization) return authorization
  const sent = Object.entries(headers ?? {}).find(
    ([name]) => name.toLowerCase() === 'authorization',
  )?.[1]
  return sent?.replace(/^Bearer\s+/i, '')
}

/** Whether a server needs headers that the API does not send. */
export function hasOtherHeaders({ headers }: Tool.Mcp): boolean {
  return Object.keys(headers ?? {}).some((name) => name.toLowerCase() !== 'authorization')
}
