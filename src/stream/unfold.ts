import type { ReplyEvent, StreamEvent } from '../api/types.ts'

/**
 * An event of a reply, with content that stands in `message_start` already (the API does so after
 * programmatic tool calling) as the blocks that would follow it. Other events stay as they are.
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
