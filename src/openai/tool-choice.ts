import type { MessagesRequest, ToolDefinition } from '../api/types.ts'

/** How the model may use the tools, in the common terms of the dialects. */
export type AskedChoice =
  | { mode: 'auto' | 'none' | 'required' }
  /** Only these tools, by name. */
  | { mode: 'auto' | 'required'; names: readonly string[] }
  /** Just this tool. */
  | { name: string }

/**
 * The tools and their choice, in the API's form. If only some tools are allowed, the others are
 * left out, because the API has no such choice. The API refuses a forced call without tools.
 */
export function toolFields(
  tools: readonly ToolDefinition[],
  choice: AskedChoice | undefined,
  isParallel: boolean | null | undefined,
): Pick<MessagesRequest, 'tools' | 'tool_choice'> {
  const allowed = choice !== undefined && 'names' in choice ? choice.names : undefined
  const toolChoice = choiceOf(choice ?? { mode: 'auto' })
  if (tools.length === 0 && ['auto', 'none'].includes(toolChoice.type)) return {}
  const isOneByOne = isParallel === false && toolChoice.type !== 'none'
  return {
    tools: tools.filter(({ name }) => allowed === undefined || allowed.includes(name ?? '')),
    ...((choice !== undefined || isOneByOne) && {
      tool_choice: { ...toolChoice, ...(isOneByOne && { disable_parallel_tool_use: true }) },
    }),
  }
}

function choiceOf(choice: AskedChoice): { type: string; name?: string } {
  if ('name' in choice) return { type: 'tool', name: choice.name }
  return { type: choice.mode === 'required' ? 'any' : choice.mode }
}
