import type { ContentBlock } from '../api/types.ts'
import type { Turn } from './turn.ts'

/** The answer to one held call, in the words of MCP. */
export type CallAnswer = {
  content: ({ type: 'text'; text: string } | { type: 'image'; data: string; mimeType: string })[]
  isError?: true
}

/**
 * Results up to this many characters pass through the runtime unchanged. Beyond 500,000 in one
 * result (with `MAX_RESULT_CHARACTERS` announced for the tool) the runtime writes the result to a
 * file and tells the model where to read it. Well below that, no limit on the sum was found.
 */
const MAX_LENGTH = 150_000

/**
 * The answers in a prompt that has only tool results, by tool use id; `undefined` if MCP can't
 * carry something in it exactly.
 */
export function answersIn(prompt: Turn['prompt']): Map<string, CallAnswer> | undefined {
  if (typeof prompt === 'string') return undefined
  const answers = new Map<string, CallAnswer>()
  if (prompt.some(({ type }) => type !== 'tool_result')) return undefined
  if (isLongerThan(MAX_LENGTH, prompt)) return undefined
  for (const block of prompt) {
    const answer = answerOf(block)
    const id = block['tool_use_id']
    if (answer === undefined || typeof id !== 'string' || answers.has(id)) return undefined
    answers.set(id, answer)
  }
  return answers
}

const RESULT_FIELDS = new Set(['type', 'tool_use_id', 'content', 'is_error'])

function answerOf(block: ContentBlock): CallAnswer | undefined {
  if (block.type !== 'tool_result') return undefined
  if (Object.keys(block).some((field) => !RESULT_FIELDS.has(field))) return undefined
  const content = contentOf(block['content'])
  if (content === undefined || content.length === 0) return undefined
  // The runtime would write "(… completed with no output)" for an empty text. It would join the
  // parts of a failed call into one text, and drop its images.
  if (content.some((part) => part.type === 'text' && part.text.trim() === '')) return undefined
  const isError = block['is_error'] === true
  if (isError && (content.length > 1 || content[0]?.type === 'image')) return undefined
  return { content, ...(isError && { isError }) }
}

function contentOf(content: unknown): CallAnswer['content'] | undefined {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content)) return undefined
  const parts = content.filter(isBlock).map(partOf)
  if (parts.length < content.length) return undefined
  return parts.every((part) => part !== undefined) ? parts : undefined
}

function partOf(block: ContentBlock): CallAnswer['content'][number] | undefined {
  const { type, ...rest } = block
  if (type === 'text' && hasOnly(rest, 'text') && typeof rest['text'] === 'string') {
    return { type, text: rest['text'] }
  }
  if (type === 'image' && hasOnly(rest, 'source')) {
    const source = rest['source'] as Record<string, unknown> | null | undefined
    const { type: kind, data, media_type: mimeType } = source ?? {}
    if (kind === 'base64' && typeof data === 'string' && typeof mimeType === 'string') {
      return { type, data, mimeType }
    }
  }
  return undefined
}

function isBlock(part: unknown): part is ContentBlock {
  return typeof part === 'object' && part !== null
}

function hasOnly(record: object, field: string): boolean {
  return Object.keys(record).every((key) => key === field)
}

/** Whether a value has more text than that. It stops at the limit. */
function isLongerThan(limit: number, value: unknown): boolean {
  let length = 0
  const left = [value]
  while (left.length > 0 && length <= limit) {
    const next = left.pop()
    if (typeof next === 'object' && next !== null) {
      const parts: unknown[] = Object.values(next)
      length += parts.length
      if (length <= limit) left.push(...parts)
    } else length += typeof next === 'string' ? next.length : 1
  }
  return length > limit
}
