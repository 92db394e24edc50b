import type {
  ResponseInput,
  ResponseInputItem,
  ResponseItem,
} from 'openai/resources/responses/responses'

import type { FindItem } from './items.ts'
import { itemType } from './schema.ts'

/**
 * The input of a request in the form of OpenAI's list: each item has a type and an id.
 *
 * @param owner the id of a response or a conversation; ids for items without one are made from it
 */
export function inputItems(
  input: string | ResponseInput | undefined | null,
  owner: string,
  findItem: FindItem,
): ResponseItem[] {
  const items: ResponseInput =
    typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : (input ?? [])
  return items.map((item, index) => {
    const { id } = item as ResponseInputItem.ItemReference
    const found = itemType(item) === 'item_reference' ? findItem(id) : undefined
    return listed(found ?? item, `${owner.replace(/^[a-z]+_/, '')}_in${index}`)
  })
}

function listed(item: ResponseInputItem, name: string): ResponseItem {
  const type = itemType(item)
  const { id: own } = item as { id?: string | null }
  const id = own ?? `${type === 'message' ? 'msg' : 'item'}_${name}`
  if (type !== 'message') return { ...item, type, id } as ResponseItem
  const { content, role } = item as { content?: unknown; role: string }
  const kind = role === 'assistant' ? 'output_text' : 'input_text'
  const parts = typeof content === 'string' ? [{ type: kind, text: content }] : (content ?? [])
  return { status: 'completed', ...item, type, id, content: parts } as unknown as ResponseItem
}
