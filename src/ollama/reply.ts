import type { ReplyEvent, ReplyMessage, StreamEvent } from '../api/types.ts'
import { finishReason } from '../openai/chat/finish-reason.ts'
import { tokenCounts } from '../openai/token-counts.ts'

/** Which of the two routes is answered; the field of the text differs. */
export type OllamaKind = 'chat' | 'generate'

export type OllamaHead = {
  kind: OllamaKind
  /** The model's name as the client sent it. */
  model: string
  /** The time of the request, in milliseconds since 1970. */
  startedAt: number
}

type Part = {
  content?: string
  thinking?: string
  tool_calls?: { id: string; function: { name: string; arguments: unknown } }[]
}

/** A whole reply. `now` is in milliseconds since 1970. */
export function wholeReply(message: ReplyMessage, head: OllamaHead, now: number): object {
  const { content } = message
  const thinking = content
    .map((block) => (block.type === 'thinking' ? block.thinking : ''))
    .join('')
  const calls = content.flatMap((block) => (block.type === 'tool_use' ? [callOf(block)] : []))
  const part = {
    content: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    ...(thinking !== '' && { thinking }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
  return { ...line(part, head, now), ...ending(message, head, now) }
}

/** The lines for an event of a reply; the last line is `lastLine`. */
export function linesOf(unknownEvent: StreamEvent, head: OllamaHead, now: number): object[] {
  const event = unknownEvent as ReplyEvent
  if (event.type !== 'content_block_delta') return []
  const { delta } = event
  if (delta.type === 'text_delta') return [line({ content: delta.text }, head, now)]
  if (delta.type === 'thinking_delta' && delta.thinking !== '') {
    return [line({ content: '', thinking: delta.thinking }, head, now)]
  }
  return []
}

/** The lines after all text: the calls, which Ollama sends whole, and the end. */
export function lastLines(message: ReplyMessage, head: OllamaHead, now: number): object[] {
  const calls = message.content.flatMap((block) =>
    block.type === 'tool_use' ? [callOf(block)] : [],
  )
  return [
    ...(calls.length === 0 ? [] : [line({ content: '', tool_calls: calls }, head, now)]),
    { ...line({ content: '' }, head, now), ...ending(message, head, now) },
  ]
}

function line(part: Part, { kind, model }: OllamaHead, now: number): object {
  const { content = '', ...others } = part
  return {
    model,
    created_at: new Date(now).toISOString(),
    ...(kind === 'chat'
      ? { message: { role: 'assistant', content, ...others } }
      : { response: content, ...others }),
    done: false,
  }
}

/** Times are in nanoseconds. Unknown ones, such as the time to read the prompt, are 0. */
function ending(message: ReplyMessage, { startedAt }: OllamaHead, now: number): object {
  const { input, output } = tokenCounts(message)
  const elapsed = Math.max(0, Math.round((now - startedAt) * NANOSECONDS))
  return {
    done: true,
    done_reason: finishReason(message.stop_reason) === 'length' ? 'length' : 'stop',
    total_duration: elapsed,
    load_duration: 0,
    prompt_eval_count: input,
    prompt_eval_duration: 0,
    eval_count: output,
    eval_duration: elapsed,
  }
}

/** Nanoseconds in a millisecond. */
const NANOSECONDS = 1_000_000

function callOf({ id, name, input }: { id: string; name: string; input: unknown }) {
  return { id, function: { name, arguments: input } }
}
