import type {
  EasyInputMessage,
  ResponseInputContent,
  ResponseInputItem,
  ResponseOutputMessage,
  ResponseOutputRefusal,
  ResponseOutputText,
  Tool,
} from 'openai/resources/responses/responses'

import type { ContentBlock, Message, SentMessage } from '../../api/types.ts'
import { CallIds } from '../call-ids.ts'
import { customInput } from '../custom-tool.ts'
import { invalid } from '../invalid.ts'
import { documentBlock, imageBlock } from '../media.ts'
import type { SystemMessage } from '../place-system.ts'
import { toolInput } from '../tool-input.ts'
import { summaryIn, summaryText } from './compaction.ts'
import { computerBlock, type ComputerCalls, resultFields } from './computer.ts'
import { mcpBlocks } from './mcp-call.ts'
import { placeOfItem } from './output.ts'
import { thoughtIn } from './reasoning-item.ts'
import { itemType } from './schema.ts'
import { inputOfCall, shellOutput } from './shell-tools.ts'
import type { PlacedTool } from './toolset.ts'
import { type ClientTool, ToolNames } from './tool-names.ts'

/** Finds an item of an earlier response by its id. */
export type FindItem = (id: string) => ResponseInputItem | undefined

/** The context for reading items. */
export type ItemContext = {
  findItem: FindItem
  names: ToolNames
  callIds: CallIds
  /** The labels of the request's MCP servers. */
  mcpServers: ReadonlySet<string>
  computerCalls: ComputerCalls
  /** Receives the items that are left out. */
  leftOut: string[]
}

/** A context for items without a request. */
export function itemContext(context: Partial<ItemContext> = {}): ItemContext {
  return {
    findItem: () => undefined,
    names: new ToolNames(),
    callIds: new CallIds(),
    mcpServers: new Set(),
    computerCalls: { toolset: false, name: 'computer' },
    leftOut: [],
    ...context,
  }
}

/** The tools in the input: those of `additional_tools`, and those that a search found. */
export function toolsIn(input: string | readonly ResponseInputItem[]): PlacedTool[] {
  if (typeof input === 'string') return []
  return input.flatMap((item, index) => {
    const hasTools = item.type === 'additional_tools' || item.type === 'tool_search_output'
    const tools = hasTools && Array.isArray(item.tools) ? (item.tools as Tool[]) : []
    return tools.map((tool, position) => ({ tool, place: `input[${index}].tools[${position}]` }))
  })
}

/**
 * Translates the input of a response into the API's messages. System and developer messages stand
 * in their places, with the role `system`. Items without a meaning for the API are left out:
 * reasoning of another provider, earlier searches (they come without their results), and calls of
 * tools that the API does not have.
 *
 * @throws ApiError for parts that the API does not accept, and for items that are not stored
 */
export function conversationOf(
  input: string | readonly ResponseInputItem[],
  context: ItemContext,
): SentMessage[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }]
  const messages: SentMessage[] = []
  for (const [index, item] of input.entries()) {
    const place = `input[${index}]`
    const read = readItem(referenced(item, context.findItem, place), place, context)
    for (const part of Array.isArray(read) ? read : [read]) {
      if (part !== undefined && part.content.length > 0) messages.push(part)
    }
  }
  return messages
}

function referenced(item: ResponseInputItem, findItem: FindItem, place: string): ResponseInputItem {
  if (itemType(item) !== 'item_reference') return item
  const { id } = item as ResponseInputItem.ItemReference
  const found = findItem(id)
  if (found) return found
  throw invalid(
    `${place}: the item '${id}' is no longer stored: send the items themselves.`,
    `${place}.id`,
    'item_not_found',
  )
}

type ReadItem = Message | SystemMessage | undefined

function readItem(
  item: ResponseInputItem,
  place: string,
  context: ItemContext,
): ReadItem | Message[] {
  const call = (tool: ClientTool, id: string, input: object): Message =>
    assistant({
      type: 'tool_use',
      id: context.callIds.ofCall(id),
      name: context.names.nameOf(tool),
      input,
    })
  const result = (id: string, content: Message['content'], fields: object = {}): Message => ({
    role: 'user',
    content: [
      { type: 'tool_result', tool_use_id: context.callIds.ofResult(id), content, ...fields },
    ],
  })
  const typed = { ...item, type: itemType(item) } as ResponseInputItem
  switch (typed.type) {
    case 'message':
      return readMessage(typed, place)
    case 'function_call': {
      const { call_id: id, name, namespace, arguments: text } = typed
      return call(
        { kind: 'function', name, namespace },
        id,
        toolInput((text as unknown) ? text : ''),
      )
    }
    case 'custom_tool_call': {
      const { call_id: id, name, namespace, input } = typed
      return call(
        { kind: 'custom', name, namespace },
        id,
        customInput((input as unknown) ? input : ''),
      )
    }
    case 'function_call_output':
    case 'custom_tool_call_output':
      return result(typed.call_id ?? '', contentOf(typed.output as Content, `${place}.output`))
    case 'local_shell_call':
    case 'shell_call':
      return call({ kind: kindOf(typed.type) }, typed.call_id, inputOfCall(typed))
    case 'apply_patch_call':
      return call({ kind: 'apply_patch' }, typed.call_id, inputOfCall(typed))
    case 'local_shell_call_output': {
      // OpenAI's type has the call's id as `id`, Codex sends `call_id`.
      const { call_id: id } = typed as { call_id?: string | null }
      return result(id ?? typed.id, contentOf(typed.output, `${place}.output`))
    }
    case 'shell_call_output':
      return result(typed.call_id, shellOutput(typed.output))
    case 'apply_patch_call_output': {
      const fields = typed.status === 'failed' ? { is_error: true } : {}
      return result(typed.call_id, typed.output ? typed.output : typed.status, fields)
    }
    case 'computer_call': {
      const { action, actions = action ? [action] : [{ type: 'screenshot' as const }] } = typed
      // A call with several actions has one result, the result of the last action.
      const ids = actions.map((_, index) =>
        index === actions.length - 1 ? typed.call_id : `${typed.call_id}_${index}`,
      )
      const blocks = actions.map((one, index) =>
        computerBlock(context.callIds.ofCall(ids[index] ?? ''), one, context.computerCalls),
      )
      const fields = resultFields(context.computerCalls)
      return [assistant(...blocks), ...ids.slice(0, -1).map((id) => result(id, 'Done.', fields))]
    }
    case 'computer_call_output': {
      const { image_url: url } = typed.output
      if (!url) throw noFiles(`${place}.output`)
      const picture = imageBlock(url, `${place}.output.image_url`)
      return result(typed.call_id, [picture], resultFields(context.computerCalls))
    }
    case 'mcp_call': {
      if (context.mcpServers.has(typed.server_label)) return assistant(...mcpBlocks(typed))
      break
    }
    case 'reasoning': {
      const thought = thoughtIn(typed.encrypted_content)
      if (thought) return assistant(thought)
      break
    }
    case 'compaction': {
      const summary = summaryIn(typed.encrypted_content)
      if (summary !== undefined) return { role: 'user', content: summaryText(summary) }
      break
    }
    case 'additional_tools':
    case 'tool_search_output':
      // Their tools are read separately.
      return undefined
    default:
  }
  // For an item made here, its whole answer is remembered.
  const { id } = typed as { id?: string | null }
  if (placeOfItem(id ?? '') === undefined) context.leftOut.push(`${place}: ${typed.type}`)
  return undefined
}

function kindOf(type: 'local_shell_call' | 'shell_call'): 'local_shell' | 'shell' {
  return type === 'shell_call' ? 'shell' : 'local_shell'
}

function assistant(...content: ContentBlock[]): Message {
  return { role: 'assistant', content }
}

function readMessage(
  { role, content }: EasyInputMessage | ResponseOutputMessage,
  place: string,
): ReadItem {
  const read = contentOf(content, `${place}.content`)
  if (role === 'user') return { role, content: read }
  const blocks = typeof read === 'string' ? textBlocks(read) : read
  if (role === 'assistant') return { role, content: blocks }
  const text = blocks.map((block) => String(block['text'])).join('')
  return { role: 'system', content: text }
}

function textBlocks(text: string): ContentBlock[] {
  return text === '' ? [] : [{ type: 'text', text }]
}

type Part = ResponseInputContent | ResponseOutputText | ResponseOutputRefusal
type Content = string | Part[] | null | undefined

function contentOf(content: Content, place: string): Message['content'] {
  if (content === null || content === undefined) return ''
  if (typeof content === 'string') return content
  return content
    .map((part, index) => blockOf(part, `${place}[${index}]`))
    .filter((block) => block['text'] !== '')
}

function blockOf(part: Part | { type: 'text'; text: string }, place: string): ContentBlock {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: part.text }
    case 'refusal':
      return { type: 'text', text: part.refusal }
    case 'input_image':
      if (part.image_url) return imageBlock(part.image_url, `${place}.image_url`)
      if (part.file_id) return { type: 'image', source: { type: 'file', file_id: part.file_id } }
      throw invalid(`${place}: send image_url or file_id.`, `${place}.image_url`)
    case 'input_file':
      return documentBlock(part, place)
    default:
      part satisfies never
      throw new Error('The schema lets no other part pass.')
  }
}

function noFiles(place: string) {
  return invalid(
    `${place}: the id of a file is not supported here: send image_url.`,
    `${place}.image_url`,
  )
}
