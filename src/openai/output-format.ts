import { invalid } from './invalid.ts'
import { isOpen, outputSchema, type Schema } from './output-schema.ts'

/** The requested form of the answer, the same for both dialects. */
export type AskedFormat = {
  type: string
  schema?: Schema | null | undefined
  strict?: boolean | null | undefined
}

export type OutputFormat = {
  /** For `output_config.format`. */
  format?: { type: 'json_schema'; schema: Schema }
  /** The instruction to the model, if the API has no such format. */
  instruction?: string
}

/**
 * The form of the answer. A schema becomes the API's structured output. The API does not support
 * JSON of any shape, nor an open schema that is not strict: for these, the end of the system prompt
 * instructs the model.
 *
 * @throws ApiError for an unknown form
 */
export function outputFormat(asked: AskedFormat | null | undefined, param: string): OutputFormat {
  switch (asked?.type) {
    case undefined:
    case 'text':
      return {}
    case 'json_schema': {
      const schema = asked.schema ?? {}
      if (asked.strict !== true && isOpen(schema)) {
        return {
          instruction: `${JSON_ONLY} It has to match this JSON Schema:\n${JSON.stringify(schema)}`,
        }
      }
      return { format: { type: 'json_schema', schema: outputSchema(schema) } }
    }
    case 'json_object':
      return { instruction: JSON_ONLY }
    default:
      throw invalid(
        `${param}.type: Input should be 'text', 'json_schema' or 'json_object'`,
        `${param}.type`,
      )
  }
}

const JSON_ONLY =
  'Answer with one JSON object and nothing else: no text around it, and no code fence.'
