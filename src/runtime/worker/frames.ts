import { randomUUID } from 'node:crypto'

import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'

import { blocksOf } from '../../api/combine.ts'
import { openServerCalls } from '../../api/server-calls.ts'
import type { ContentBlock, Message } from '../../api/types.ts'

/** A line on the runtime's stdin. The SDK also writes fields that its types lack. */
export type Frame = SDKUserMessage

/**
 * A user message. A text goes as a block: the runtime interprets a string that begins with one of
 * its own tags (`<cross-session-message from="…">`), but never a block (measured with 2.1.330).
 *
 * @param uuid identifies the message in acknowledgements and rewinds
 * @param isAsked whether the model shall answer; otherwise the message is only put into the
 * conversation
 */
export function userFrame(content: Message['content'], uuid: string, isAsked: boolean): Frame {
  return {
    type: 'user',
    uuid: uuid as NonNullable<Frame['uuid']>,
    // Blocks pass unchanged, even if the SDK's types do not know them.
    message: {
      role: 'user',
      content: blocksOf({ content }) as object[] as Exclude<
        SDKUserMessage['message']['content'],
        string
      >,
    },
    parent_tool_use_id: null,
    ...(!isAsked && { shouldQuery: false }),
  }
}

/**
 * A user message of plain text that enters the conversation at once: it is sent as the output of a
 * local command, which the runtime adds as a user turn without doing anything else (measured with
 * 2.1.330). The runtime can't cut before it.
 */
export function userTextFrame(text: string, uuid: string): Frame {
  return {
    type: 'assistant',
    uuid,
    local_command_source: text,
    message: { role: 'assistant', content: [] },
    parent_tool_use_id: null,
    session_id: '',
  } as unknown as Frame
}

/**
 * An assistant message of the past.
 *
 * The model must be the one that will be asked, because the runtime drops the thoughts of other
 * models. The id is new, because the runtime joins messages with equal ids. The usage is zero,
 * because the runtime would read it as the size of the conversation.
 */
export function assistantFrame(content: Message['content'], model: string): Frame {
  return {
    type: 'assistant',
    message: {
      id: `msg_${randomUUID().replaceAll('-', '')}`,
      type: 'message',
      role: 'assistant',
      model,
      content:
        typeof content === 'string' ? [{ type: 'text', text: content }] : withOpenCalls(content),
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: {
        input_tokens: 0,
        output_tokens: 0,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
      },
    },
    parent_tool_use_id: null,
    session_id: '',
  } as unknown as Frame
}

/** A frame with a name instead of its content, from `PacedInput.nameOf`. */
export function withLargeParts(frame: Frame, nameOf: <Part>(part: Part) => Part | string): Frame {
  const { message, local_command_source: text, ...rest } = frame as Frame & LocalCommand
  return {
    ...rest,
    ...(text !== undefined && { local_command_source: nameOf(text) }),
    message: { ...message, content: nameOf(message.content) },
  } as Frame
}

type LocalCommand = { local_command_source?: string }

/** The text of a message that has only text; `undefined` for other or blank messages. */
export function plainTextOf(content: Message['content']): string | undefined {
  const text = typeof content === 'string' ? content : textOfBlocks(content)
  return text === undefined || text.trim() === '' ? undefined : text
}

/** Whether a message answers calls: the runtime does not rewind to it (`target_splits_tool_call`). */
export function hasResults(content: Message['content']): boolean {
  return typeof content !== 'string' && content.some(({ type }) => type === 'tool_result')
}

function textOfBlocks(blocks: readonly ContentBlock[]): string | undefined {
  const [block, ...others] = blocks
  if (block?.type !== 'text' || others.length > 0) return undefined
  const { text } = block
  return Object.keys(block).length === 2 && typeof text === 'string' ? text : undefined
}

/**
 * Keeps calls of server tools whose results are still to come. The runtime drops a call without a
 * result in the same message. It takes the added block for a result, and drops the block before it
 * asks.
 */
function withOpenCalls(content: readonly ContentBlock[]): object[] {
  return [
    ...content,
    ...openServerCalls(content).map((id) => ({
      type: 'advisor_tool_result',
      tool_use_id: id,
      content: { type: 'advisor_result', text: '' },
    })),
  ]
}
