import { type ModelInfo, modelInfo, type NamedModel } from '../api/model.ts'
import { ApiError } from '../errors.ts'
import { pageQuery } from './page-query.ts'

/** A page of `GET /v1/models`; `object` is for clients of OpenAI's API. */
export type ModelPage = {
  data: ModelInfo[]
  has_more: boolean
  first_id: string | null
  last_id: string | null
  object: 'list'
}

const HIGHEST_LIMIT = 1000

/**
 * Answers `GET /v1/models`, in pages as the API does.
 *
 * @throws ApiError (400) for an invalid limit, or an id that is not in the list
 */
export function listModels(
  query: URLSearchParams,
  models: readonly NamedModel[],
  modelOf: ModelOf,
): ModelPage {
  const { limit, afterId: after, beforeId: before } = pageQuery(query, HIGHEST_LIMIT)
  const rest =
    before === undefined
      ? models.slice(after === undefined ? 0 : positionOf(after, 'after_id', models) + 1)
      : models.slice(0, positionOf(before, 'before_id', models))
  const page = before === undefined ? rest.slice(0, limit) : rest.slice(-limit)
  return {
    data: page.map((model) => modelInfo(model, modelOf(model.id))),
    has_more: page.length < rest.length,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
    object: 'list',
  }
}

/**
 * Answers `GET /v1/models/{id}`, for every name that a request may use for a listed model.
 *
 * @throws ApiError 404, worded like the API's
 */
export function getModel(id: string, models: readonly NamedModel[], modelOf: ModelOf): ModelInfo {
  const fullName = modelOf(id)
  const model =
    models.find((entry) => entry.id === id) ?? models.find((entry) => entry.id === fullName)
  if (model === undefined) throw new ApiError('not_found_error', `model: ${id}`)
  return modelInfo({ ...model, id }, fullName)
}

/** The full name of a model; aliases are resolved. */
type ModelOf = (name: string) => string

function positionOf(id: string, name: string, models: readonly NamedModel[]): number {
  const position = models.findIndex((model) => model.id === id)
  if (position === -1) {
    throw new ApiError('invalid_request_error', `${name}: there is no model ${JSON.stringify(id)}`)
  }
  return position
}
