import { blocksOf, combineMessages } from '../api/combine.ts'
import type { ContentBlock, SentMessage } from '../api/types.ts'

/**
 * Puts each tool result where the API wants it: at the beginning of the user's turn right after the
 * call. Clients send a result after a text of the user, or some messages late, if the user
 * continued while the tool ran.
 *
 * A result without a call stays in place, and the API refuses it.
 *
 * @returns the messages themselves if every result is in its place
 */
export function settleResults<Sent extends Pick<SentMessage, 'role' | 'content'>>(
  messages: Sent[],
): Sent[] {
  const turns = combineMessages(messages).map((message) => ({
    message,
    blocks: blocksOf(message),
    results: [] as ContentBlock[],
  }))
  /** The position of the latest turn of the assistant that has a call, by the call's id. */
  const calls = new Map<unknown, number>()
  let isMoved = false
  for (const [position, turn] of turns.entries()) {
    if (turn.message.role === 'assistant') {
      for (const block of turn.blocks)
        if (block.type === 'tool_use') calls.set(block['id'], position)
      continue
    }
    const [results, others] = split(turn.blocks)
    isMoved ||= results.some((block, index) => turn.blocks[index] !== block)
    turn.blocks = others
    for (const result of results) {
      const asked = calls.get(result['tool_use_id'])
      const place = asked === undefined ? position : asked + 1
      isMoved ||= place !== position
      turns[place]?.results.push(result)
    }
  }
  if (!isMoved) return messages
  const settled = turns.map(({ message, blocks, results }) => {
    const isAsItWas = results.length === 0 && blocks.length === blocksOf(message).length
    return isAsItWas ? message : { ...message, content: [...results, ...blocks] }
  })
  return settled.filter(({ content }) => content?.length !== 0)
}

function split(blocks: readonly ContentBlock[]): [ContentBlock[], ContentBlock[]] {
  const results = blocks.filter(({ type }) => type === 'tool_result')
  return [results, blocks.filter(({ type }) => type !== 'tool_result')]
}
