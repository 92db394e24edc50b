import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionContentPart,
  ChatCompletionContentPartRefusal,
  ChatCompletionContentPartText,
  ChatCompletionMessageParam,
  ChatCompletionMessageToolCall,
} from 'openai/resources/chat/completions'

import type { ContentBlock, Message } from '../../api/types.ts'
import { invalid } from '../invalid.ts'
import { documentBlock, imageBlock } from '../media.ts'
import { toolInput } from '../tool-input.ts'

export type Conversation = { system: string[]; messages: Message[] }

/**
 * The messages of a chat as the API has them.
 *
 * - System and developer messages, wherever they stand, become the system prompt, in their order:
 *   the API has one, before the conversation. So does Anthropic's own layer for OpenAI's clients:
 *   https://platform.claude.com/docs/en/api/openai-sdk
 * - Tool messages become the results at the beginning of the user's turn.
 * - An assistant message in which nothing is said is left out: the API takes none.
 *
 * @throws ApiError for parts that the API does not take
 */
export function conversationOf(chat: readonly ChatCompletionMessageParam[]): Conversation {
  const system: string[] = []
  const messages: Message[] = []
  for (const [index, message] of chat.entries()) {
    const place = `messages[${index}]`
    switch (message.role) {
      case 'system':
      case 'developer': {
        const text = textOf(message.content)
        if (text !== '') system.push(text)
        break
      }
      case 'user':
        messages.push({ role: 'user', content: contentOf(message.content, `${place}.content`) })
        break
      case 'assistant': {
        const content = assistantBlocks(message)
        if (content.length > 0) messages.push({ role: 'assistant', content })
        break
      }
      case 'tool': {
        const content = contentOf(message.content, `${place}.content`)
        const result = { type: 'tool_result', tool_use_id: message.tool_call_id, content }
        messages.push({ role: 'user', content: [result] })
        break
      }
      case 'function':
        throw new Error('The schema lets no such message pass.')
      default:
        message satisfies never
    }
  }
  return { system, messages }
}

function contentOf(
  content: string | ChatCompletionContentPart[],
  place: string,
): Message['content'] {
  if (typeof content === 'string') return content
  return content
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
      throw invalid(`${place}: the API does not take audio.`, place, 'unsupported_value')
    default:
      part satisfies never
      throw new Error('The schema lets no other part pass.')
  }
}

/** Text first and then the calls, as the dialect has them. */
function assistantBlocks(message: ChatCompletionAssistantMessageParam): ContentBlock[] {
  const text = textOf(message.content ?? message.refusal ?? '')
  const calls = (message.tool_calls ?? []).map(toolUse)
  return [...(text === '' ? [] : [{ type: 'text', text }]), ...calls]
}

function toolUse(call: ChatCompletionMessageToolCall): ContentBlock {
  if (!('function' in call)) throw new Error('The schema lets no other call pass.')
  const input = toolInput(call.function.arguments)
  return { type: 'tool_use', id: call.id, name: call.function.name, input }
}

type TextPart = ChatCompletionContentPartText | ChatCompletionContentPartRefusal

function textOf(content: string | TextPart[]): string {
  if (typeof content === 'string') return content
  return content.map((part) => (part.type === 'text' ? part.text : part.refusal)).join('')
}
