import type {
  EasyInputMessage,
  ResponseInputContent,
  ResponseInputItem,
  ResponseOutputMessage,
  ResponseOutputRefusal,
  ResponseOutputText,
} from 'openai/resources/responses/responses'

import type { ContentBlock, Message } from '../../api/types.ts'
import { invalid } from '../invalid.ts'
import { documentBlock, imageBlock } from '../media.ts'
import { toolInput } from '../tool-input.ts'
import { thoughtIn } from './reasoning-item.ts'

/** An item that was given out, by its id. */
export type FindItem = (id: string) => ResponseInputItem | undefined

export type Conversation = { system: string[]; messages: Message[] }

/**
 * The input of a response as the API has it.
 *
 * System and developer messages become the system prompt, as those of chats do. Reasoning of another
 * maker, and searches of the past, which come without what was found, are left out.
 *
 * @throws ApiError for parts that the API does not take, and for items that are not remembered
 */
export function conversationOf(
  input: string | readonly ResponseInputItem[],
  findItem: FindItem,
): Conversation {
  if (typeof input === 'string') {
    return { system: [], messages: [{ role: 'user', content: input }] }
  }
  const system: string[] = []
  const messages: Message[] = []
  for (const [index, item] of input.entries()) {
    const place = `input[${index}]`
    const read = readItem(referenced(item, findItem, place), place)
    if (read === undefined) continue
    if (read.role === 'system') system.push(read.text)
    else if (read.content.length > 0) messages.push(read)
  }
  return { system, messages }
}

function referenced(item: ResponseInputItem, findItem: FindItem, place: string): ResponseInputItem {
  if (item.type !== 'item_reference') return item
  const found = findItem(item.id)
  if (found) return found
  throw invalid(
    `${place}: there is no item '${item.id}' any more: send the items themselves.`,
    `${place}.id`,
    'item_not_found',
  )
}

type Read = Message | { role: 'system'; text: string } | undefined

function readItem(item: ResponseInputItem, place: string): Read {
  switch (item.type) {
    case undefined:
    case 'message':
      return readMessage(item as EasyInputMessage | ResponseOutputMessage, place)
    case 'function_call': {
      const input = toolInput(item.arguments)
      return assistant({ type: 'tool_use', id: item.call_id, name: item.name, input })
    }
    case 'function_call_output': {
      const content = contentOf(item.output as string | Part[], `${place}.output`)
      const result = { type: 'tool_result', tool_use_id: item.call_id, content }
      return { role: 'user', content: [result] }
    }
    case 'reasoning': {
      const thought = thoughtIn(item.encrypted_content)
      return thought && assistant(thought)
    }
    case 'web_search_call':
      return undefined
    default:
      throw new Error('The schema lets no other item pass.')
  }
}

function assistant(block: ContentBlock): Message {
  return { role: 'assistant', content: [block] }
}

function readMessage(
  { role, content }: EasyInputMessage | ResponseOutputMessage,
  place: string,
): Read {
  const read = contentOf(content, `${place}.content`)
  if (role === 'user') return { role, content: read }
  const blocks = typeof read === 'string' ? textBlocks(read) : read
  if (role === 'assistant') return { role, content: blocks }
  const text = blocks.map((block) => String(block['text'])).join('')
  return text === '' ? undefined : { role: 'system', text }
}

function textBlocks(text: string): ContentBlock[] {
  return text === '' ? [] : [{ type: 'text', text }]
}

type Part = ResponseInputContent | ResponseOutputText | ResponseOutputRefusal

function contentOf(content: string | Part[], place: string): Message['content'] {
  if (typeof content === 'string') return content
  return content
    .map((part, index) => blockOf(part, `${place}[${index}]`))
    .filter((block) => block['text'] !== '')
}

function blockOf(part: Part, place: string): ContentBlock {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
      return { type: 'text', text: part.text }
    case 'refusal':
      return { type: 'text', text: part.refusal }
    case 'input_image':
      if (part.image_url) return imageBlock(part.image_url, `${place}.image_url`)
      throw invalid(
        `${place}: there is no store of files here: send image_url.`,
        `${place}.image_url`,
      )
    case 'input_file':
      return documentBlock(part, place)
    default:
      part satisfies never
      throw new Error('The schema lets no other part pass.')
  }
}
