import type { ChatCompletionChunk } from 'openai/resources/chat/completions'

import type { ReplyEvent, ReplyMessage, StreamEvent } from '../../api/types.ts'
import { createFold } from '../../stream/fold.ts'
import { finishReason } from './finish-reason.ts'
import { chatUsage, refusalText } from './reply.ts'

export type ChatStream = {
  /** What an event is in chunks. Throws where it cannot come at this point of a stream. */
  push: (event: StreamEvent) => ChatCompletionChunk[]
  /** The whole message. Throws before `message_stop`. */
  message: () => ReplyMessage
}

export type ChatStreamOptions = {
  /** Seconds since 1970. */
  created: number
  /** Whether a last chunk tells what was used. */
  includeUsage: boolean
}

type Delta = ChatCompletionChunk.Choice.Delta & { reasoning_content?: string }

/** Translates the events of a reply into the chunks of a chat completion. */
export function createChatStream({ created, includeUsage }: ChatStreamOptions): ChatStream {
  const fold = createFold()
  let head = { id: '', model: '' }
  /** The calls by the index of their block. */
  const calls = new Map<number, Call>()

  function push(unknownEvent: StreamEvent): ChatCompletionChunk[] {
    fold.push(unknownEvent)
    const event = unknownEvent as ReplyEvent
    switch (event.type) {
      case 'message_start':
        head = { id: event.message.id, model: event.message.model }
        return [chunk({ role: 'assistant', content: '' })]
      case 'content_block_start':
        return startBlock(event).map((delta) => chunk(delta))
      case 'content_block_delta':
        return deltaOf(event).map((delta) => chunk(delta))
      case 'content_block_stop':
        return stopBlock(event.index).map((delta) => chunk(delta))
      case 'message_delta':
        return []
      case 'message_stop':
        return lastChunks(fold.message())
      default:
        event satisfies never
        return []
    }
  }

  function startBlock({ index, content_block: block }: EventOf<'content_block_start'>): Delta[] {
    if (block.type !== 'tool_use') return []
    const call = { index: calls.size, input: block.input, hasArguments: false }
    calls.set(index, call)
    const { id, name } = block
    return [
      {
        tool_calls: [
          { index: call.index, id, type: 'function', function: { name, arguments: '' } },
        ],
      },
    ]
  }

  function deltaOf({ index, delta }: EventOf<'content_block_delta'>): Delta[] {
    switch (delta.type) {
      case 'text_delta':
        return [{ content: delta.text }]
      case 'thinking_delta':
        return delta.thinking === '' ? [] : [{ reasoning_content: delta.thinking }]
      case 'input_json_delta': {
        const call = calls.get(index)
        if (call === undefined || delta.partial_json === '') return []
        call.hasArguments = true
        return [argumentsDelta(call, delta.partial_json)]
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

  /** A call without arguments comes without deltas; clients parse what they were sent. */
  function stopBlock(index: number): Delta[] {
    const call = calls.get(index)
    if (call === undefined || call.hasArguments) return []
    return [argumentsDelta(call, JSON.stringify(call.input))]
  }

  function lastChunks(message: ReplyMessage): ChatCompletionChunk[] {
    const refusal = refusalText(message)
    return [
      ...(refusal === null ? [] : [chunk({ refusal })]),
      chunk({}, finishReason(message.stop_reason)),
      ...(includeUsage ? [{ ...frame(), choices: [], usage: chatUsage(message) }] : []),
    ]
  }

  function chunk(
    delta: Delta,
    reason: ChatCompletionChunk.Choice['finish_reason'] = null,
  ): ChatCompletionChunk {
    return {
      ...frame(),
      choices: [{ index: 0, delta, finish_reason: reason, logprobs: null }],
      ...(includeUsage && { usage: null }),
    }
  }

  function frame() {
    return { ...head, object: 'chat.completion.chunk' as const, created }
  }

  return { push, message: () => fold.message() }
}

type EventOf<Type extends ReplyEvent['type']> = Extract<ReplyEvent, { type: Type }>

/** A tool call: its place among the calls, and whether arguments were streamed. */
type Call = { index: number; input: unknown; hasArguments: boolean }

function argumentsDelta({ index }: Call, text: string): Delta {
  return { tool_calls: [{ index, function: { arguments: text } }] }
}
