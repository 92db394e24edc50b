import { invalid } from './invalid.ts'

/**
 * The input of a tool call from the text of its arguments; an empty text is no arguments.
 *
 * @throws ApiError where it is no JSON object
 */
export function toolInput(text: string, param: string): { [field: string]: unknown } {
  if (text.trim() === '') return {}
  const input = parse(text)
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) {
    return input as { [field: string]: unknown }
  }
  throw invalid(`${param}: Input should be a JSON object, as text`, param)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
