import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import type { CompletionUsage } from 'openai/resources/completions'

import type { ReplyEvent, ReplyMessage, StreamEvent } from '../../api/types.ts'
import { unfolded } from '../../stream/unfold.ts'
import { customText } from '../custom-tool.ts'
import { annotationsOf } from './annotations.ts'
import { ALWAYS_SENT, refusalText, replyReason } from './reply.ts'
import type { CallStyle } from './request.ts'

export type ChatStream = {
  /** The chunks for an event. */
  push: (event: StreamEvent) => ChatCompletionChunk[]
  /** The chunk without choices that has the usage. */
  usageChunk: (usage: CompletionUsage) => ChatCompletionChunk
  /** The whole message. Throws before `message_stop`. */
  message: () => ReplyMessage
}

export type ChatStreamOptions = {
  /** The id of the completion; by default the reply's id. */
  id?: string | undefined
  /** Seconds since 1970. */
  created: number
  /** Whether a final chunk has the usage; the other chunks then have `usage: null`. */
  includeUsage: boolean
  /** The index of the choice. */
  index: number
  style: CallStyle
  /** Resolves with the whole message when `message_stop` was translated. */
  reply: { message: () => ReplyMessage }
}

type Delta = ChatCompletionChunk.Choice.Delta & {
  reasoning?: string
  reasoning_content?: string
  annotations?: object[]
}

/** Translates the events of a reply into the chunks of one choice of a chat completion. */
export function createChatStream(options: ChatStreamOptions): ChatStream {
  const { created, includeUsage, index: choiceIndex, style, reply } = options
  let head = { id: options.id ?? '', model: '' }
  /** The calls by the index of their block. */
  const calls = new Map<number, Call>()

  function chunksOf(event: ReplyEvent): ChatCompletionChunk[] {
    switch (event.type) {
      case 'message_start':
        head = { id: options.id ?? event.message.id, model: event.message.model }
        return [chunk({ role: 'assistant', content: '', refusal: null })]
      case 'content_block_start':
        return startBlock(event).map((delta) => chunk(delta))
      case 'content_block_delta':
        return deltaOf(event).map((delta) => chunk(delta))
      case 'content_block_stop':
        return stopBlock(event.index).map((delta) => chunk(delta))
      case 'message_delta':
        return []
      case 'message_stop':
        return lastChunks(reply.message())
      default:
        event satisfies never
        return []
    }
  }

  function startBlock({ index, content_block: block }: EventOf<'content_block_start'>): Delta[] {
    if (block.type !== 'tool_use') return []
    const { id, name } = block
    const isCustom = style.customTools.has(name)
    const call = { index: calls.size, input: block.input, text: '', isCustom }
    calls.set(index, call)
    if (style.isLegacy) return [{ function_call: { name, arguments: '' } }]
    const named = isCustom
      ? { type: 'custom', custom: { name, input: '' } }
      : { type: 'function', function: { name, arguments: '' } }
    return [toolCallDelta({ index: call.index, id, ...named })]
  }

  function deltaOf({ index, delta }: EventOf<'content_block_delta'>): Delta[] {
    switch (delta.type) {
      case 'text_delta':
        return [{ content: delta.text }]
      case 'thinking_delta': {
        const { thinking } = delta
        return thinking === '' ? [] : [{ reasoning: thinking, reasoning_content: thinking }]
      }
      case 'input_json_delta': {
        const call = calls.get(index)
        if (call === undefined || delta.partial_json === '') return []
        call.text += delta.partial_json
        return call.isCustom ? [] : [argumentsDelta(call, delta.partial_json)]
      }
      case 'signature_delta':
      case 'citations_delta':
      case 'compaction_delta':
        return []
      default:
        delta satisfies never
        return []
    }
  }

  /** A call without arguments has no deltas, but clients need JSON to parse. */
  function stopBlock(index: number): Delta[] {
    const call = calls.get(index)
    if (call === undefined) return []
    if (call.isCustom) {
      const input = call.text === '' ? call.input : parsedOr(call.text)
      return [toolCallDelta({ index: call.index, custom: { input: customText(input) } })]
    }
    return call.text === '' ? [argumentsDelta(call, JSON.stringify(call.input))] : []
  }

  function argumentsDelta({ index }: Call, text: string): Delta {
    if (style.isLegacy) return { function_call: { arguments: text } }
    return { tool_calls: [{ index, function: { arguments: text } }] }
  }

  function lastChunks(message: ReplyMessage): ChatCompletionChunk[] {
    const refusal = refusalText(message)
    const annotations = annotationsOf(message.content)
    return [
      ...(refusal === null ? [] : [chunk({ refusal })]),
      ...(annotations.length === 0 ? [] : [chunk({ annotations })]),
      chunk({}, replyReason(message, style)),
    ]
  }

  function chunk(
    delta: Delta,
    reason: ChatCompletionChunk.Choice['finish_reason'] = null,
  ): ChatCompletionChunk {
    return {
      ...frame(),
      choices: [{ index: choiceIndex, delta, logprobs: null, finish_reason: reason }],
      ...(includeUsage && { usage: null }),
    }
  }

  function frame() {
    return { ...head, object: 'chat.completion.chunk' as const, created, ...ALWAYS_SENT }
  }

  return {
    push: (event) => unfolded(event).flatMap((each) => chunksOf(each)),
    usageChunk: (usage) => ({ ...frame(), choices: [], usage }),
    message: () => reply.message(),
  }
}

type EventOf<Type extends ReplyEvent['type']> = Extract<ReplyEvent, { type: Type }>

/** A tool call: its index among the calls, and the input that was streamed so far. */
type Call = { index: number; input: unknown; text: string; isCustom: boolean }

/** The library's type for a piece of a call knows only functions. */
function toolCallDelta(call: object): Delta {
  return { tool_calls: [call as ChatCompletionChunk.Choice.Delta.ToolCall] }
}

/** A cut input is sent unchanged. */
function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return { input: text }
  }
}
