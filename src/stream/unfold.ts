import type { ReplyEvent, StreamEvent } from '../api/types.ts'

/**
 * Splits the content out of `message_start` into the block events that would follow it. The API
 * sends such content after programmatic tool calling. Other events stay unchanged.
 */
export function unfolded(unknownEvent: StreamEvent): ReplyEvent[] {
  const event = unknownEvent as ReplyEvent
  if (event.type !== 'message_start' || !event.message.content?.length) return [event]
  const { content } = event.message
  return [
    { ...event, message: { ...event.message, content: [] } },
    ...content.flatMap((content_block, index): ReplyEvent[] => [
      { type: 'content_block_start', index, content_block },
      { type: 'content_block_stop', index },
    ]),
  ]
}
