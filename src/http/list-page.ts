import { invalid } from '../openai/invalid.ts'

/** A page of a list, in the form of OpenAI's API. */
export type ListPage<Item> = {
  object: 'list'
  data: Item[]
  first_id: string | null
  last_id: string | null
  has_more: boolean
}

const DEFAULT_LIMIT = 20
const LARGEST_PAGE = 100

/**
 * One page of a list.
 *
 * @param items sorted, the oldest first
 * @param query `limit` (1 to 100, 20 if absent), `order` (`desc` if absent), `after` (an id)
 * @throws ApiError 400 for an invalid query
 */
export function listPage<Item extends { id?: string | null }>(
  items: readonly Item[],
  query: URLSearchParams,
): ListPage<Item> {
  const limit = Number(query.get('limit') ?? DEFAULT_LIMIT)
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE) {
    throw invalid(`limit: Input should be a whole number from 1 to ${LARGEST_PAGE}`, 'limit')
  }
  const order = query.get('order') ?? 'desc'
  if (order !== 'asc' && order !== 'desc') {
    throw invalid("order: Input should be 'asc' or 'desc'", 'order')
  }
  const ordered = order === 'asc' ? items : items.toReversed()
  const after = query.get('after')
  const start = after === null ? 0 : ordered.findIndex(({ id }) => id === after) + 1
  if (after !== null && start === 0) throw invalid(`after: there is no item '${after}'.`, 'after')
  return wholeList(ordered.slice(start, start + limit), ordered.length > start + limit)
}

/** A list on a single page. */
export function wholeList<Item extends { id?: string | null }>(
  data: Item[],
  hasMore = false,
): ListPage<Item> {
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: hasMore,
  }
}
