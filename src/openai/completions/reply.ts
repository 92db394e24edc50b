import type { Completion, CompletionChoice } from 'openai/resources/completions'

import type { ReplyEvent, ReplyMessage, StreamEvent } from '../../api/types.ts'
import { finishReason } from '../chat/finish-reason.ts'
import { ALWAYS_SENT, chatUsage, sumUsage } from '../chat/reply.ts'

/** The fields that all parts of an answer have in common. `created` is in seconds since 1970. */
export type CompletionHead = { id: string; model: string; created: number }

/**
 * Replies as a completion. Each reply is a choice.
 *
 * @param echoed the text to put in front of each choice
 */
export function completion(
  replies: readonly ReplyMessage[],
  head: CompletionHead,
  echoed: readonly string[],
): Completion {
  const choices = replies.map((reply, index) =>
    choiceOf(index, `${echoed[index] ?? ''}${textOf(reply)}`, reasonOf(reply)),
  )
  return { ...frame(head, choices), usage: sumUsage(replies.map(chatUsage)) }
}

/** The chunks for an event of a choice. */
export function completionChunks(
  unknownEvent: StreamEvent,
  index: number,
  head: CompletionHead,
  echoed: string,
): Completion[] {
  const event = unknownEvent as ReplyEvent
  switch (event.type) {
    case 'message_start':
      return echoed === '' ? [] : [frame(head, [choiceOf(index, echoed, null)])]
    case 'content_block_delta':
      return event.delta.type === 'text_delta'
        ? [frame(head, [choiceOf(index, event.delta.text, null)])]
        : []
    default:
      return []
  }
}

/** The chunk with which a choice ends. */
export function lastChunk(reply: ReplyMessage, index: number, head: CompletionHead): Completion {
  return frame(head, [choiceOf(index, '', reasonOf(reply))])
}

/** The chunk without choices that has the usage. */
export function usageChunk(replies: readonly ReplyMessage[], head: CompletionHead): Completion {
  return { ...frame(head, []), usage: sumUsage(replies.map(chatUsage)) }
}

function frame(head: CompletionHead, choices: CompletionChoice[]): Completion {
  return { ...head, object: 'text_completion', choices, ...ALWAYS_SENT }
}

/** The library's type does not allow for chunks without a finish reason. */
function choiceOf(index: number, text: string, reason: Reason | null): CompletionChoice {
  return { text, index, logprobs: null, finish_reason: reason as Reason }
}

type Reason = CompletionChoice['finish_reason']

function textOf({ content }: ReplyMessage): string {
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
}

function reasonOf({ stop_reason: reason }: ReplyMessage): Reason {
  const chatReason = finishReason(reason)
  return chatReason === 'tool_calls' ? 'stop' : chatReason
}
