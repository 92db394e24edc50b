import type { ResponseInputItem, ResponseItem } from 'openai/resources/responses/responses'

import type { SentMessage } from '../api/types.ts'
import { placeOfItem } from '../openai/responses/output.ts'
import type { WireResponse } from '../openai/responses/reply.ts'
import type { Past } from '../openai/responses/request.ts'
import type { StoredResponse } from './stored.ts'

/** The items from which a response continues. @param chain the oldest first */
export function pastOf(chain: readonly Past[]): Past {
  return {
    messages: chain.flatMap<SentMessage>((past) => past.messages),
    tools: chain.flatMap((past) => past.tools),
  }
}

/** The input and the output of responses. @param chain the oldest first */
export function itemsOf(
  chain: readonly Pick<StoredResponse, 'input' | 'response'>[],
): ResponseItem[] {
  return chain.flatMap(({ input, response }) => [...input, ...(response.output as ResponseItem[])])
}

/** The responses that output items with these ids belong to. */
export function responsesOfItems(ids: readonly string[]): string[] {
  return [...new Set(ids.flatMap((id) => placeOfItem(id)?.responseId ?? []))]
}

/** The output items with these ids, from their responses. */
export function itemsById(
  ids: readonly string[],
  responses: ReadonlyMap<string, WireResponse>,
): ReadonlyMap<string, ResponseInputItem> {
  const found = new Map<string, ResponseInputItem>()
  for (const id of ids) {
    const place = placeOfItem(id)
    const item = place && responses.get(place.responseId)?.output[place.index]
    if (item !== undefined) found.set(id, item as ResponseInputItem)
  }
  return found
}
