import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionContentPart,
  ChatCompletionContentPartRefusal,
  ChatCompletionContentPartText,
  ChatCompletionMessageParam,
  ChatCompletionMessageToolCall,
} from 'openai/resources/chat/completions'

import type { ContentBlock, Message, SentMessage } from '../../api/types.ts'
import type { CallIds } from '../call-ids.ts'
import { customInput } from '../custom-tool.ts'
import { invalid } from '../invalid.ts'
import { documentBlock, imageBlock } from '../media.ts'
import { type Conversation, placeSystemMessages } from '../place-system.ts'
import { settleResults } from '../settle-results.ts'
import { toolInput } from '../tool-input.ts'
import { LegacyCalls } from './legacy-calls.ts'

/**
 * Translates the messages of a chat into the API's.
 *
 * - System and developer messages go where `placeSystemMessages` says.
 * - Results of tools and functions go to the beginning of the user's turn after their call.
 * - An empty message of the user or the assistant is left out, because the API accepts none.
 *
 * @throws ApiError for parts that the API does not accept
 */
export function conversationOf(
  chat: readonly ChatCompletionMessageParam[],
  callIds: CallIds,
): Conversation {
  const messages: SentMessage[] = []
  const legacyCalls = new LegacyCalls()
  for (const [index, message] of chat.entries()) {
    const place = `messages[${index}].content`
    switch (message.role) {
      case 'system':
      case 'developer': {
        const text = textOf(message.content)
        if (text !== '') messages.push({ role: 'system', content: text })
        break
      }
      case 'user': {
        const content = contentOf(message.content, place)
        if (isSaid(content)) messages.push({ role: 'user', content })
        break
      }
      case 'assistant': {
        const content = assistantBlocks(message, callIds, legacyCalls)
        if (isSaid(content)) messages.push({ role: 'assistant', content })
        break
      }
      case 'tool':
        messages.push(
          toolResult(callIds.ofResult(message.tool_call_id), contentOf(message.content, place)),
        )
        break
      case 'function':
        messages.push(toolResult(legacyCalls.answered(message.name), message.content ?? ''))
        break
      default:
        message satisfies never
    }
  }
  const placed = placeSystemMessages(messages)
  return { ...placed, messages: settleResults(placed.messages) }
}

/** The API refuses a message that is empty or only white space. */
function isSaid(content: Message['content']): boolean {
  if (typeof content === 'string') return /\S/u.test(content)
  return content.some((block) => block.type !== 'text' || /\S/u.test(String(block['text'])))
}

function toolResult(id: string, content: Message['content']): Message {
  return { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content }] }
}

function contentOf(
  content: string | ChatCompletionContentPart[] | null | undefined,
  place: string,
): Message['content'] {
  if (typeof content === 'string') return content
  return (content ?? [])
    .map((part, index) => blockOf(part, `${place}[${index}]`))
    .filter((block) => block['text'] !== '')
}

function blockOf(part: ChatCompletionContentPart, place: string): ContentBlock {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'image_url':
      return imageBlock(part.image_url.url, `${place}.image_url.url`)
    case 'file':
      return documentBlock(part.file, `${place}.file`)
    case 'input_audio':
      throw invalid(`${place}: the API does not accept audio.`, place, 'unsupported_value')
    default:
      part satisfies never
      throw new Error('The schema lets no other part pass.')
  }
}

/** The text first, then the calls, as in the dialect. */
function assistantBlocks(
  message: ChatCompletionAssistantMessageParam,
  callIds: CallIds,
  legacyCalls: LegacyCalls,
): ContentBlock[] {
  const text = textOf(message.content ?? message.refusal)
  const calls = (message.tool_calls ?? []).map((call) => toolUse(call, callIds.ofCall(call.id)))
  const { function_call: legacyCall } = message
  if (legacyCall) {
    const { name } = legacyCall
    const input = toolInput(legacyCall.arguments)
    calls.push({ type: 'tool_use', id: legacyCalls.made(name), name, input })
  }
  return [...(text === '' ? [] : [{ type: 'text', text }]), ...calls]
}

function toolUse(call: ChatCompletionMessageToolCall, id: string): ContentBlock {
  if (call.type === 'custom') {
    const { name, input } = call.custom
    return { type: 'tool_use', id, name, input: customInput(input) }
  }
  const { name, arguments: text } = call.function
  return { type: 'tool_use', id, name, input: toolInput(text) }
}

type TextPart = ChatCompletionContentPartText | ChatCompletionContentPartRefusal

function textOf(content: string | TextPart[] | null | undefined): string {
  if (typeof content === 'string') return content
  return (content ?? []).map((part) => (part.type === 'text' ? part.text : part.refusal)).join('')
}
