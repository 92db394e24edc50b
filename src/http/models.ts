import { type ModelInfo, modelInfo, type NamedModel } from '../api/model.ts'
import { ApiError } from '../errors.ts'

/** A page of `GET /v1/models`; `object` is for clients of OpenAI's API. */
export type ModelPage = {
  data: ModelInfo[]
  has_more: boolean
  first_id: string | null
  last_id: string | null
  object: 'list'
}

const DEFAULT_LIMIT = 20
const HIGHEST_LIMIT = 1000

/**
 * Answers `GET /v1/models`, in pages as the API does.
 *
 * @throws ApiError (400) for a limit that is none, or an id that is not in the list
 */
export function listModels(query: URLSearchParams, models: readonly NamedModel[]): ModelPage {
  const limit = limitOf(query.get('limit'))
  const [after, before] = [query.get('after_id'), query.get('before_id')]
  if (after !== null && before !== null) {
    throw new ApiError('invalid_request_error', 'Only one of after_id and before_id may be given.')
  }
  const rest =
    before === null
      ? models.slice(after === null ? 0 : positionOf(after, 'after_id', models) + 1)
      : models.slice(0, positionOf(before, 'before_id', models))
  const page = before === null ? rest.slice(0, limit) : rest.slice(-limit)
  return {
    data: page.map(modelInfo),
    has_more: page.length < rest.length,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
    object: 'list',
  }
}

/**
 * Answers `GET /v1/models/{id}`.
 *
 * @throws ApiError 404 as the API has it
 */
export function getModel(id: string, models: readonly NamedModel[]): ModelInfo {
  const model = models.find((entry) => entry.id === id)
  if (model === undefined) throw new ApiError('not_found_error', `model: ${id}`)
  return modelInfo(model)
}

function limitOf(text: string | null): number {
  if (text === null) return DEFAULT_LIMIT
  const limit = /^\d+$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= HIGHEST_LIMIT) return limit
  throw new ApiError('invalid_request_error', `limit: a number from 1 to ${HIGHEST_LIMIT}`)
}

function positionOf(id: string, name: string, models: readonly NamedModel[]): number {
  const position = models.findIndex((model) => model.id === id)
  if (position === -1) {
    throw new ApiError('invalid_request_error', `${name}: there is no model ${JSON.stringify(id)}`)
  }
  return position
}
