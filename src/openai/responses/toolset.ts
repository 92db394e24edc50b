import type {
  CustomTool,
  NamespaceTool,
  Tool,
  WebSearchTool,
} from 'openai/resources/responses/responses'

import type { ToolDefinition } from '../../api/types.ts'
import { customTool } from '../custom-tool.ts'
import { functionTool } from '../function-tool.ts'
import { invalid } from '../invalid.ts'
import type { AskedChoice } from '../tool-choice.ts'
import {
  type ComputerCalls,
  computerTool,
  computerVersion,
  isComputer,
  isComputerToolset,
} from './computer.ts'
import {
  CODE_EXECUTION,
  CODE_EXECUTION_TOOL,
  hasOtherHeaders,
  MCP_BETA,
  mcpServer,
  type McpServer,
  WEB_FETCH,
  WEB_FETCH_TOOL,
} from './hosted-tools.ts'
import type { ResponsesRequest } from './request.ts'
import { APPLY_PATCH, LOCAL_SHELL, SHELL } from './shell-tools.ts'
import { type ClientTool, ToolNames } from './tool-names.ts'
import { isWebSearch, WEB_SEARCH, webSearchTool } from './web-search.ts'

/** The tools of a request in the API's form, and the way back for their calls. */
export type Toolset = {
  tools: ToolDefinition[]
  mcpServers: McpServer['server'][]
  /** Values of `anthropic-beta` that the tools need. */
  betas: string[]
  /** The fields of the request that were left out. */
  leftOut: string[]
  names: ToolNames
  computerCalls: ComputerCalls
}

/** A tool, and its path in the request. */
export type PlacedTool = { tool: Tool; place: string }

/**
 * If two tools have one name, the last counts: clients send a changed tool again.
 *
 * @param model the model's full name; it determines the versions of tools
 */
export function toolsetOf(placed: readonly PlacedTool[], model: string): Toolset {
  const tools = new Map<string, ToolDefinition>()
  const servers = new Map<string, McpServer['server']>()
  const names = new ToolNames()
  const leftOut: string[] = []
  const betas = new Set<string>()

  function offer(tool: ClientTool, define: (name: string) => ToolDefinition): void {
    const name = names.add(tool)
    tools.set(name, define(name))
  }

  function offerHosted(definition: ToolDefinition): void {
    tools.set(definition.name ?? '', definition)
  }

  function add(tool: Tool, place: string): void {
    const omit = (what: string = tool.type): void => void leftOut.push(`${place}: ${what}`)
    if (isWebSearch(tool)) {
      // The client wants only a stored copy of the web, which the API does not have.
      const { external_web_access: isOnline = true } = tool as WebSearchTool
      if (!isOnline) omit('web_search without external_web_access')
      else offerHosted(webSearchTool(tool))
      return
    }
    if (isComputer(tool)) {
      const version = computerVersion(model)
      const definition = computerTool(tool, version)
      if (isComputerToolset(definition)) tools.set(definition.type ?? '', definition)
      else offer({ kind: 'computer' }, (name) => ({ ...definition, name }))
      if (version.beta !== undefined) betas.add(version.beta)
      return
    }
    switch (tool.type) {
      case 'function':
        offer({ kind: 'function', name: tool.name }, (name) => functionTool({ ...tool, name }))
        return
      case 'custom':
        offer({ kind: 'custom', name: tool.name }, (name) => custom(tool, name))
        return
      case 'namespace':
        for (const member of tool.tools) addMember(tool, member)
        return
      case 'local_shell':
        offer({ kind: tool.type }, (name) => ({ ...LOCAL_SHELL, name }))
        return
      case 'shell':
        // The client runs it, if there is no environment or a local one.
        if ((tool.environment?.type ?? 'local') !== 'local') omit('shell in a container')
        else offer({ kind: tool.type }, (name) => ({ ...SHELL, name }))
        return
      case 'apply_patch':
        offer({ kind: tool.type }, (name) => ({ ...APPLY_PATCH, name }))
        return
      case 'mcp': {
        const known = mcpServer(tool)
        if (known === undefined) {
          omit(tool.server_url ? 'mcp that asks for approval' : 'mcp without server_url')
          return
        }
        if (hasOtherHeaders(tool)) leftOut.push(`${place}.headers`)
        servers.set(tool.server_label, known.server)
        betas.add(MCP_BETA)
        tools.set(mcpKey(tool.server_label), known.toolset)
        return
      }
      case 'code_interpreter':
        offerHosted(CODE_EXECUTION_TOOL)
        return
      default:
        // `file_search`, `image_generation`, `tool_search`, and future types.
        if ((tool as { type: string }).type.startsWith(WEB_FETCH)) offerHosted(WEB_FETCH_TOOL)
        else omit()
    }
  }

  function addMember(
    { name: namespace, description }: NamespaceTool,
    member: NamespaceTool['tools'][number],
  ): void {
    const tool: ClientTool = { kind: member.type, name: member.name, namespace }
    // The API has no field for the description of a group, so each of its tools gets it.
    const about = [description, member.description].filter(Boolean).join('\n\n')
    offer(tool, (name) =>
      member.type === 'custom'
        ? custom({ ...member, description: about }, name)
        : functionTool({
            name,
            description: about,
            parameters: member.parameters as Record<string, unknown> | null,
            strict: member.strict,
          }),
    )
  }

  for (const { tool, place } of placed) add(tool, place)
  const all = [...tools.values()]
  return {
    tools: all,
    mcpServers: [...servers.values()],
    betas: [...betas],
    leftOut,
    names,
    computerCalls: all.some(isComputerToolset)
      ? { toolset: true }
      : { toolset: false, name: names.nameOf({ kind: 'computer' }) },
  }
}

/** A name of a tool has no colon. */
function mcpKey(label: string): string {
  return `mcp:${label}`
}

function custom(tool: CustomTool, name: string): ToolDefinition {
  const format = tool.format
  return customTool({
    name,
    description: tool.description,
    ...(format?.type === 'grammar' && {
      grammar: { syntax: format.syntax, definition: format.definition },
    }),
  })
}

type Choice = NonNullable<ResponsesRequest['tool_choice']>

/** Which tools the model may use, and whether it must. */
export type ToolUse = { tools: ToolDefinition[]; choice: AskedChoice | undefined }

/**
 * Translates `tool_choice` into the names of the API's tools.
 *
 * @throws ApiError if it forces a tool that was left out
 */
export function toolUse(choice: Choice | null | undefined, toolset: Toolset): ToolUse {
  const { tools, leftOut } = toolset
  if (choice === undefined || choice === null) return { tools, choice: undefined }
  if (typeof choice === 'string') {
    if (choice === 'required' && tools.length === 0 && leftOut.length > 0) throw forced(leftOut[0])
    return { tools, choice: { mode: choice } }
  }
  if (choice.type === 'allowed_tools') {
    const allowed = choice.tools as Reference[]
    const used = tools.filter((tool) => allowed.some((one) => refersTo(one, tool, toolset)))
    if (choice.mode === 'required' && used.length === 0) throw forced('tool_choice.tools')
    return { tools: used, choice: { mode: choice.mode } }
  }
  const used = tools.filter((tool) => refersTo(choice as Reference, tool, toolset))
  const [first] = used
  if (first === undefined) throw forced(`tool_choice.type: ${choice.type}`)
  // A set of tools has no name. To force it, only the set is offered.
  if (first.name === undefined) return { tools: used, choice: { mode: 'required' } }
  return { tools, choice: { name: first.name } }
}

type Reference = { type: string; name?: string; namespace?: string; server_label?: string }

function refersTo(reference: Reference, tool: ToolDefinition, { names }: Toolset): boolean {
  const { type, name, namespace, server_label: label } = reference
  if (type.startsWith(WEB_SEARCH)) return tool.name === WEB_SEARCH
  if (type.startsWith(WEB_FETCH)) return tool.name === WEB_FETCH
  if (type.startsWith('computer')) {
    return isComputerToolset(tool) || names.nameOf({ kind: 'computer' }) === tool.name
  }
  switch (type) {
    case 'function':
    case 'custom': {
      const meant: ClientTool = { kind: type, name: name ?? '', namespace }
      return names.has(meant) && names.nameOf(meant) === tool.name
    }
    case 'namespace': {
      const known = names.toolOf(tool.name ?? '')
      return 'namespace' in known && known.namespace === name
    }
    case 'local_shell':
    case 'shell':
    case 'apply_patch':
      return names.has({ kind: type }) && names.nameOf({ kind: type }) === tool.name
    case 'mcp':
      return tool['mcp_server_name'] === label && label !== undefined
    case 'code_interpreter':
      return tool.name === CODE_EXECUTION
    default:
      return false
  }
}

function forced(what: string = 'tools') {
  return invalid(
    `tool_choice: it forces a tool that is not available here (${what}).`,
    'tool_choice',
    'unsupported_value',
  )
}
