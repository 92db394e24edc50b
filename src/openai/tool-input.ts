import { parseInnerJson } from '../api/parse-json.ts'

/** The field in which invalid JSON goes back to the model, by the API's documentation. */
const INVALID_JSON = 'INVALID_JSON'

/**
 * The input of a tool call from the text of its arguments; an empty text means no arguments. A text
 * that is no JSON object, such as one that `max_tokens` cut, goes to the model unchanged.
 * Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/fine-grained-tool-streaming
 */
export function toolInput(text: string): { [field: string]: unknown } {
  if (text.trim() === '') return {}
  const input = parseInnerJson(text)
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) {
    return input as { [field: string]: unknown }
  }
  return { [INVALID_JSON]: text }
}
