import { limitsOf } from './model-limits.ts'
import { isPattern, type ModelAlias } from './model-names.ts'

/** A model that can be named in a request. */
export type NamedModel = {
  id: string
  displayName: string
  /** Undefined if nothing is known. */
  capabilities?: ModelCapabilities | undefined
}

export type Support = { supported: boolean }

/**
 * The known capabilities of a model; unknown ones are absent. Source: `BetaModelCapabilities` of
 * `@anthropic-ai/sdk` 1.14
 */
export type ModelCapabilities = {
  effort?:
    | (Support & Partial<Record<'low' | 'medium' | 'high' | 'xhigh' | 'max', Support>>)
    | undefined
  thinking?: (Partial<Support> & { types: { adaptive?: Support; disabled?: Support } }) | undefined
}

/** The models, followed by the aliases without `*`. */
export function withAliases(
  models: readonly NamedModel[],
  aliases: readonly ModelAlias[],
): NamedModel[] {
  const plain = aliases.filter((alias) => !isPattern(alias))
  const names = new Set(plain.map(({ name }) => name))
  return [
    ...models.filter(({ id }) => !names.has(id)),
    ...plain.map(({ name, model }) => ({
      id: name,
      displayName: `${name} (${model})`,
      capabilities: models.find(({ id }) => id === model)?.capabilities,
    })),
  ]
}

/**
 * An entry of `GET /v1/models`. It combines the shapes of the Messages API and of OpenAI's, so that
 * the clients of both can read it. The limits have the names that clients look for. Sources:
 * https://platform.claude.com/docs/en/api/models/list,
 * https://platform.openai.com/docs/api-reference/models/object
 */
export type ModelInfo = {
  type: 'model'
  id: string
  display_name: string
  /** RFC 3339; the epoch if the date is unknown, as in the API. */
  created_at: string
  capabilities: ModelCapabilities | null
  deprecated_at: null
  lifecycle: 'active'
  line: null
  /** Tokens; null if they are not known. */
  max_input_tokens: number | null
  max_tokens: number | null
  retires_at: null
  object: 'model'
  /** `created_at` in Unix seconds. */
  created: number
  owned_by: 'anthropic'
  /** The name that Open WebUI shows. */
  name: string
} & Partial<OtherLimits>

/** The same limits, under the names of OpenRouter (which Cline reads), Groq and vLLM. */
type OtherLimits = {
  context_length: number
  context_window: number
  max_model_len: number
  max_completion_tokens: number
  max_output_tokens: number
  top_provider: { context_length: number; max_completion_tokens: number }
}

/**
 * The known facts about a model. The runtime does not report its date, but some ids end with it.
 *
 * @param fullName the full name for `id`
 */
export function modelInfo(
  { id, displayName, capabilities }: NamedModel,
  fullName: string,
): ModelInfo {
  const [, year, month, day] = /-(20\d\d)(\d\d)(\d\d)$/.exec(fullName) ?? []
  const released = Date.parse(`${year}-${month}-${day}T00:00:00Z`) || 0
  const limits = limitsOf(fullName)
  return {
    type: 'model',
    id,
    display_name: displayName,
    created_at: new Date(released).toISOString().replace('.000Z', 'Z'),
    capabilities: capabilities ?? null,
    deprecated_at: null,
    lifecycle: 'active',
    line: null,
    max_input_tokens: limits?.contextWindow ?? null,
    max_tokens: limits?.maxOutput ?? null,
    retires_at: null,
    object: 'model',
    created: released / 1000,
    owned_by: 'anthropic',
    name: displayName,
    ...(limits && {
      context_length: limits.contextWindow,
      context_window: limits.contextWindow,
      max_model_len: limits.contextWindow,
      max_completion_tokens: limits.maxOutput,
      max_output_tokens: limits.maxOutput,
      top_provider: {
        context_length: limits.contextWindow,
        max_completion_tokens: limits.maxOutput,
      },
    }),
  }
}
