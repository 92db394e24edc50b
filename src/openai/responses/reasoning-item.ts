import type { ResponseReasoningItem } from 'openai/resources/responses/responses'

import type { ContentBlock } from '../../api/types.ts'

/**
 * A thought as an item. `encrypted_content` has the whole block, so that it comes back with its
 * signature from every client that returns its items.
 *
 * @param block `thinking` or `redacted_thinking`
 */
export function reasoningItem(id: string, block: ContentBlock): ResponseReasoningItem {
  const text = block['thinking']
  const isReadable = typeof text === 'string' && text !== ''
  return {
    id,
    type: 'reasoning',
    summary: isReadable ? [{ type: 'summary_text', text }] : [],
    encrypted_content: Buffer.from(JSON.stringify(block)).toString('base64url'),
  }
}

/** The thought in an item; `undefined` if the item is not from `reasoningItem`. */
export function thoughtIn(content: string | null | undefined): ContentBlock | undefined {
  if (!content) return undefined
  const block = parse(Buffer.from(content, 'base64url').toString('utf8'))
  return isThought(block) ? block : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function isThought(value: unknown): value is ContentBlock {
  if (typeof value !== 'object' || value === null || !('type' in value)) return false
  if (value.type === 'redacted_thinking') return 'data' in value && typeof value.data === 'string'
  return (
    value.type === 'thinking' &&
    'thinking' in value &&
    typeof value.thinking === 'string' &&
    'signature' in value &&
    typeof value.signature === 'string'
  )
}
