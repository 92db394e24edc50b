import type { ToolDefinition } from '../api/types.ts'
import { outputSchema, type Schema } from './output-schema.ts'

export type FunctionDefinition = {
  name: string
  description?: string | null | undefined
  parameters?: Schema | null | undefined
  strict?: boolean | null | undefined
}

/** A function as a tool of the API. The schema stays unchanged unless the function is strict. */
export function functionTool(definition: FunctionDefinition): ToolDefinition {
  const { name, description, strict } = definition
  const parameters = { type: 'object', properties: {}, ...definition.parameters }
  return {
    name,
    ...(description && { description }),
    input_schema: strict === true ? outputSchema(parameters) : parameters,
    ...(strict === true && { strict }),
  }
}
