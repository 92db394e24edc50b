import type { ToolDefinition } from '../api/types.ts'

/** A custom tool of OpenAI's dialect: its input is free text, not JSON. */
export type CustomTool = {
  name: string
  description?: string | null | undefined
  /** The required form of the text. */
  grammar?: { syntax: string; definition: string } | undefined
}

/**
 * A custom tool as a tool of the API, with one string as its input. The API does not enforce a
 * grammar, so the description tells the model about it.
 */
export function customTool({ name, description, grammar }: CustomTool): ToolDefinition {
  const texts = [...(description ? [description] : []), ...(grammar ? [grammarText(grammar)] : [])]
  return {
    name,
    ...(texts.length > 0 && { description: texts.join('\n\n') }),
    input_schema: {
      type: 'object',
      properties: { input: { type: 'string', description: 'The whole input of the tool.' } },
      required: ['input'],
      additionalProperties: false,
    },
  }
}

function grammarText({ syntax, definition }: { syntax: string; definition: string }): string {
  const kind = syntax === 'regex' ? 'regular expression' : `${syntax} grammar`
  return `The input must match this ${kind}, from its first character to its last:\n${definition}`
}

/** The input of the API's call for the text of a custom one. */
export function customInput(text: string): { input: string } {
  return { input: text }
}

/** The text of a custom call; if the input has another form, its JSON. */
export function customText(input: unknown): string {
  const { input: text } = (input ?? {}) as { input?: unknown }
  return typeof text === 'string' ? text : JSON.stringify(input)
}
