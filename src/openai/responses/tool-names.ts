import { createHash } from 'node:crypto'

/** The names of tools that the API takes. */
const LEGAL = /^[a-zA-Z0-9_-]{1,64}$/

/** A tool as its client knows it. Tools of one kind without a name of their own are known by it. */
export type ClientTool =
  | { kind: 'function' | 'custom'; name: string; namespace?: string | undefined }
  | { kind: 'local_shell' | 'shell' | 'apply_patch' | 'computer' }

/**
 * The API's name for a client's tool: the same, or `namespace__name`. A name that the API refuses is
 * written with other characters and gets a hash.
 */
function toolName(tool: ClientTool): string {
  if (!('name' in tool)) return tool.kind
  const whole = tool.namespace ? `${tool.namespace}__${tool.name}` : tool.name
  return LEGAL.test(whole) ? whole : hashedName(whole, tool)
}

/** Another name for a tool whose first one is taken. */
function hashedName(name: string, tool: ClientTool): string {
  const hash = createHash('sha256').update(keyOf(tool)).digest('hex').slice(0, 8)
  return `${name.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, 54)}_${hash}`
}

/** Equal for equal tools. */
function keyOf(tool: ClientTool): string {
  return JSON.stringify('name' in tool ? [tool.kind, tool.namespace ?? '', tool.name] : [tool.kind])
}

/** The names of the tools of one request, there and back. */
export class ToolNames {
  readonly #names = new Map<string, string>()
  readonly #tools = new Map<string, ClientTool>()

  /** Gives a tool that is offered its name. */
  add(tool: ClientTool): string {
    const known = this.#names.get(keyOf(tool))
    if (known !== undefined) return known
    const plain = toolName(tool)
    const name = this.#tools.has(plain) ? hashedName(plain, tool) : plain
    this.#names.set(keyOf(tool), name)
    this.#tools.set(name, tool)
    return name
  }

  /** The API's name of a tool, offered or not: histories have calls of tools that are gone. */
  nameOf(tool: ClientTool): string {
    return this.#names.get(keyOf(tool)) ?? toolName(tool)
  }

  has(tool: ClientTool): boolean {
    return this.#names.has(keyOf(tool))
  }

  /** The client's tool of that name; a function of that name if none was offered. */
  toolOf(name: string): ClientTool {
    return this.#tools.get(name) ?? { kind: 'function', name }
  }
}
