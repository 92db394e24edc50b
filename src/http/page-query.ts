import { ApiError } from '../errors.ts'

export type PageQuery = { limit: number; afterId?: string; beforeId?: string }

const DEFAULT_LIMIT = 20

/**
 * The requested page of a list, by the parameters of the Messages API: `limit`, `after_id`,
 * `before_id`.
 *
 * @throws ApiError (400) for an invalid limit, or if both ids are given
 */
export function pageQuery(query: URLSearchParams, highestLimit: number): PageQuery {
  const [afterId, beforeId] = [query.get('after_id'), query.get('before_id')]
  if (afterId !== null && beforeId !== null) {
    throw new ApiError('invalid_request_error', 'Only one of after_id and before_id may be given.')
  }
  return {
    limit: limitOf(query.get('limit'), highestLimit),
    ...(afterId !== null && { afterId }),
    ...(beforeId !== null && { beforeId }),
  }
}

/** @throws ApiError (400) for an invalid limit */
export function limitOf(text: string | null, highest: number): number {
  if (text === null) return DEFAULT_LIMIT
  const limit = /^\d+$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= highest) return limit
  throw new ApiError('invalid_request_error', `limit: a number from 1 to ${highest}`)
}
