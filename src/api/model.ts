/** A model that can be named in a request. */
export type NamedModel = { id: string; displayName: string }

/**
 * An entry of `GET /v1/models`. It is the Messages API's shape and OpenAI's in one, so that the
 * clients of both read it.
 * Sources: https://platform.claude.com/docs/en/api/models/list,
 * https://platform.openai.com/docs/api-reference/models/object
 */
export type ModelInfo = {
  type: 'model'
  id: string
  display_name: string
  /** RFC 3339; the epoch where it is not known, as the API has it. */
  created_at: string
  capabilities: null
  deprecated_at: null
  lifecycle: 'active'
  line: null
  max_input_tokens: null
  max_tokens: null
  retires_at: null
  object: 'model'
  /** `created_at` in Unix seconds. */
  created: number
  owned_by: 'anthropic'
}

/** What is known of a model. The runtime does not tell its date, but some ids end with it. */
export function modelInfo({ id, displayName }: NamedModel): ModelInfo {
  const [, year, month, day] = /-(20\d\d)(\d\d)(\d\d)$/.exec(id) ?? []
  const released = Date.parse(`${year}-${month}-${day}T00:00:00Z`) || 0
  return {
    type: 'model',
    id,
    display_name: displayName,
    created_at: new Date(released).toISOString().replace('.000Z', 'Z'),
    capabilities: null,
    deprecated_at: null,
    lifecycle: 'active',
    line: null,
    max_input_tokens: null,
    max_tokens: null,
    retires_at: null,
    object: 'model',
    created: released / 1000,
    owned_by: 'anthropic',
  }
}
