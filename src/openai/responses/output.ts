import type {
  ResponseFunctionToolCall,
  ResponseOutputItem,
  ResponseOutputMessage,
  ResponseOutputText,
} from 'openai/resources/responses/responses'

import type { ContentBlock, ReplyMessage } from '../../api/types.ts'
import { reasoningItem } from './reasoning-item.ts'
import { annotationsOf, searchItem, WEB_SEARCH } from './web-search.ts'

export type Block = ReplyMessage['content'][number]
type TextBlock = Extract<Block, { type: 'text' }>

export type ItemKind = 'message' | 'reasoning' | 'function_call' | 'web_search_call'

/** The kind of item that a block becomes; `undefined` for blocks that have no item of their own. */
export function itemKind(block: Block): ItemKind | undefined {
  switch (block.type) {
    case 'text':
      return 'message'
    case 'thinking':
    case 'redacted_thinking':
      return 'reasoning'
    case 'tool_use':
      return 'function_call'
    case 'server_tool_use':
      return block.name === WEB_SEARCH ? 'web_search_call' : undefined
    default:
      return undefined
  }
}

/**
 * The blocks of a reply in items: each its own, but neighbouring texts are parts of one message, and
 * a search has what was found for it.
 */
export function groupBlocks(content: readonly Block[]): Block[][] {
  const groups: Block[][] = []
  for (const block of content) {
    const group = groupFor(block, groups)
    if (group) group.push(block)
    else if (itemKind(block) !== undefined) groups.push([block])
  }
  return groups
}

/** The item, of those so far, to which one more block belongs. */
function groupFor(block: Block, groups: readonly Block[][]): Block[] | undefined {
  if (block.type === 'text') {
    const last = groups.at(-1)
    return last?.[0]?.type === 'text' ? last : undefined
  }
  if (block.type !== 'web_search_tool_result') return undefined
  return groups.find(
    ([first]) => first?.type === 'server_tool_use' && first.id === block.tool_use_id,
  )
}

/** The id of an item says in which response it is, and where. */
export function itemId(kind: ItemKind, responseId: string, index: number): string {
  return `${PREFIXES[kind]}_${responseId.replace(/^resp_/, '')}_${index}`
}

const PREFIXES = { message: 'msg', reasoning: 'rs', function_call: 'fc', web_search_call: 'ws' }

/** Where an item is, by its id; `undefined` for what is no id of `itemId`. */
export function placeOfItem(id: string): { responseId: string; index: number } | undefined {
  const [, response, index] = /^(?:msg|rs|fc|ws)_(.+)_(\d+)$/.exec(id) ?? []
  return response === undefined
    ? undefined
    : { responseId: `resp_${response}`, index: Number(index) }
}

/** The output of a reply. Where the reply is not complete, neither is the message that it ends with. */
export function outputItems(
  content: readonly Block[],
  responseId: string,
  isComplete: boolean,
): ResponseOutputItem[] {
  const groups = groupBlocks(content)
  return groups.map((group, index) => {
    const isWhole = isComplete || index < groups.length - 1
    return outputItem(group, responseId, index, isWhole ? 'completed' : 'incomplete')
  })
}

/** One item, of the blocks that belong to it. */
export function outputItem(
  [block, ...others]: readonly Block[],
  responseId: string,
  index: number,
  status: 'completed' | 'incomplete',
): ResponseOutputItem {
  const kind = block && itemKind(block)
  if (kind === undefined) throw new Error(`There is no item for ${block?.type}.`)
  const id = itemId(kind, responseId, index)
  switch (block?.type) {
    case 'text':
      return messageItem(id, [block, ...others.filter((other) => other.type === 'text')], status)
    case 'thinking':
    case 'redacted_thinking':
      return reasoningItem(id, block as unknown as ContentBlock)
    case 'tool_use':
      return functionCall(id, block)
    case 'server_tool_use':
      return searchItem(
        id,
        block,
        others.find((other) => other.type === 'web_search_tool_result'),
      )
    default:
      throw new Error(`There is no item for ${block?.type}.`)
  }
}

function messageItem(
  id: string,
  texts: readonly TextBlock[],
  status: ResponseOutputMessage['status'],
): ResponseOutputMessage {
  return { id, type: 'message', role: 'assistant', status, content: texts.map(textPart) }
}

export function textPart(block: TextBlock): ResponseOutputText {
  return {
    type: 'output_text',
    text: block.text,
    annotations: annotationsOf(block),
    logprobs: [],
  }
}

function functionCall(
  id: string,
  block: Extract<Block, { type: 'tool_use' }>,
): ResponseFunctionToolCall {
  return {
    id,
    type: 'function_call',
    call_id: block.id,
    name: block.name,
    arguments: JSON.stringify(block.input),
    status: 'completed',
  }
}
