import type {
  ContentBlock,
  Message,
  RawContentBlockDelta,
  RawContentBlockStartEvent,
  RawMessageStreamEvent,
} from '@anthropic-ai/sdk/resources/messages'

/**
 * The events of a streamed message. Folding them gives the same message.
 * Source: https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export function eventsOf(message: Message): RawMessageStreamEvent[] {
  return [
    startOf(message),
    ...message.content.flatMap((block, index) => blockEvents(block, index)),
    endOf(message),
    { type: 'message_stop' },
  ]
}

function startOf(message: Message): RawMessageStreamEvent {
  return {
    type: 'message_start',
    message: {
      ...message,
      content: [],
      container: null,
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      usage: {
        ...message.usage,
        output_tokens: 1,
        output_tokens_details: null,
        server_tool_use: null,
      },
    },
  }
}

function endOf({ container, stop_reason, stop_sequence, stop_details, usage }: Message) {
  return {
    type: 'message_delta',
    delta: { container, stop_reason, stop_sequence, stop_details },
    usage: {
      input_tokens: usage.input_tokens,
      cache_creation_input_tokens: usage.cache_creation_input_tokens,
      cache_read_input_tokens: usage.cache_read_input_tokens,
      output_tokens: usage.output_tokens,
      output_tokens_details: usage.output_tokens_details,
      server_tool_use: usage.server_tool_use,
    },
  } satisfies RawMessageStreamEvent
}

function blockEvents(block: ContentBlock, index: number): RawMessageStreamEvent[] {
  return [
    { type: 'content_block_start', index, content_block: opened(block) },
    ...deltas(block).map((delta): RawMessageStreamEvent => ({
      type: 'content_block_delta',
      index,
      delta,
    })),
    { type: 'content_block_stop', index },
  ]
}

/** A block before its first delta. */
function opened(block: ContentBlock): RawContentBlockStartEvent['content_block'] {
  switch (block.type) {
    case 'text':
      return { ...block, text: '', ...(block.citations && { citations: [] }) }
    case 'thinking':
      return { ...block, thinking: '', signature: '' }
    case 'tool_use':
    case 'server_tool_use':
      return { ...block, input: {} }
    default:
      return block
  }
}

/** The deltas of a block. Blocks of other types arrive whole. */
function deltas(block: ContentBlock): RawContentBlockDelta[] {
  switch (block.type) {
    case 'text':
      return [
        ...pieces(block.text).map((text) => ({ type: 'text_delta' as const, text })),
        ...(block.citations ?? []).map((citation) => ({
          type: 'citations_delta' as const,
          citation,
        })),
      ]
    case 'thinking':
      return [
        ...pieces(block.thinking).map((thinking) => ({
          type: 'thinking_delta' as const,
          thinking,
        })),
        { type: 'signature_delta', signature: block.signature },
      ]
    case 'tool_use':
    case 'server_tool_use':
      return ['', ...pieces(JSON.stringify(block.input))].map((partial_json) => ({
        type: 'input_json_delta',
        partial_json,
      }))
    default:
      return []
  }
}

const MAX_PIECES = 6
const SHORTEST_PIECE = 3

/** Cuts a text between code points, like the API, so that no character is halved. */
function pieces(text: string): string[] {
  const characters = Array.from(text)
  const length = Math.max(SHORTEST_PIECE, Math.ceil(characters.length / MAX_PIECES))
  const result: string[] = []
  for (let start = 0; start < characters.length; start += length) {
    result.push(characters.slice(start, start + length).join(''))
  }
  return result
}
