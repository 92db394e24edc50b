import { parseInnerJson } from '../api/parse-json.ts'

/** The name under which the API's documentation hands a model its invalid JSON back. */
const INVALID_JSON = 'INVALID_JSON'

/**
 * The input of a tool call from the text of its arguments; an empty text is no arguments. A text that
 * is no JSON object, such as one that `max_tokens` cut, goes to the model as it was.
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
