import { createHash } from 'node:crypto'

/** The form of tool names that the API accepts. */
const LEGAL = /^[a-zA-Z0-9_-]{1,64}$/

/** The client's name of a tool. A tool without its own name is identified by its kind. */
export type ClientTool =
  | { kind: 'function' | 'custom'; name: string; namespace?: string | undefined }
  | { kind: 'local_shell' | 'shell' | 'apply_patch' | 'computer' }

/**
 * The API's name for a client's tool: the same, or `namespace__name`. In a name that the API
 * refuses, characters are replaced and a hash is added.
 */
function toolName(tool: ClientTool): string {
  if (!('name' in tool)) return tool.kind
  const whole = tool.namespace ? `${tool.namespace}__${tool.name}` : tool.name
  return LEGAL.test(whole) ? whole : hashedName(whole, tool)
}

/** Another name for a tool whose first name is taken. */
function hashedName(name: string, tool: ClientTool): string {
  const hash = createHash('sha256').update(keyOf(tool)).digest('hex').slice(0, 8)
  return `${name.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, 54)}_${hash}`
}

/** Equal for equal tools. */
function keyOf(tool: ClientTool): string {
  return JSON.stringify('name' in tool ? [tool.kind, tool.namespace ?? '', tool.name] : [tool.kind])
}

/** The names of the tools of one request, in both directions. */
export class ToolNames {
  readonly #names = new Map<string, string>()
  readonly #tools = new Map<string, ClientTool>()

  /** Assigns a name to an offered tool. */
  add(tool: ClientTool): string {
    const known = this.#names.get(keyOf(tool))
    if (known !== undefined) return known
    const plain = toolName(tool)
    const name = this.#tools.has(plain) ? hashedName(plain, tool) : plain
    this.#names.set(keyOf(tool), name)
    this.#tools.set(name, tool)
    return name
  }

  /**
   * The API's name of a tool, offered or not: histories have calls of tools that no longer exist.
   */
  nameOf(tool: ClientTool): string {
    return this.#names.get(keyOf(tool)) ?? toolName(tool)
  }

  has(tool: ClientTool): boolean {
    return this.#names.has(keyOf(tool))
  }

  /**
   * The client's tool for a name of the API; a function of that name if no such tool was offered.
   */
  toolOf(name: string): ClientTool {
    return this.#tools.get(name) ?? { kind: 'function', name }
  }
}
