import { randomUUID } from 'node:crypto'

import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'

import { blocksOf } from '../../api/combine.ts'
import { openServerCalls } from '../../api/server-calls.ts'
import type { ContentBlock, Message } from '../../api/types.ts'

/** A line on the runtime's stdin. The SDK writes what it is given, also what its types do not name. */
export type Frame = SDKUserMessage

/**
 * A user message. A text goes as a block: the runtime gives a string that begins with a tag of its own
 * (`<cross-session-message from="…">`) a meaning, and a block never (measured with 2.1.330).
 *
 * @param uuid the name by which the runtime tells of it, and can be told to rewind to it
 * @param isAsked whether the model shall answer; else the message is put into the conversation
 */
export function userFrame(content: Message['content'], uuid: string, isAsked: boolean): Frame {
  return {
    type: 'user',
    uuid: uuid as NonNullable<Frame['uuid']>,
    // Blocks go through as they are, those included that the SDK's types do not know.
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
 * A user message of plain text that is put into the conversation at once: the runtime takes the
 * output of a local command for a user turn, and does nothing else with it (measured with 2.1.330).
 * It can't be rewound to.
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
 * The model must be the one that is asked: the runtime drops the thoughts of others. The id is new
 * because messages with equal ids are taken as parts of one. The usage is zero because the runtime
 * takes other numbers for the size of the conversation.
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

/** A frame with a name in the place of its content, as of `PacedInput.nameOf`. */
export function withLargeParts(frame: Frame, nameOf: <Part>(part: Part) => Part | string): Frame {
  const { message, local_command_source: text, ...rest } = frame as Frame & LocalCommand
  return {
    ...rest,
    ...(text !== undefined && { local_command_source: nameOf(text) }),
    message: { ...message, content: nameOf(message.content) },
  } as Frame
}

type LocalCommand = { local_command_source?: string }

/** The text of a message that is nothing but text; `undefined` if it is more, or blank. */
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
 * Keeps the calls of server tools whose results are still to come: the runtime drops what has no
 * result in the same message. It takes this block for a result, and drops it later, before it asks.
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
