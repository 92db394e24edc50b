import type { ContentBlock, Message } from '@anthropic-ai/sdk/resources/messages'

import {
  type Answer,
  cut,
  error,
  events,
  message,
  PACE,
  type StreamElement,
} from '../../support/answers.ts'
import { eventsOf } from '../../support/events.ts'
import { assistantMessage, textBlock, toolUseMessage } from '../../support/messages.ts'

/*
 * Random conversations: their beginning, the API's behaviour at each turn, and the client's next
 * step.
 */

/** How the API ends a turn, or how the client leaves it. */
export const ENDINGS = [
  'text',
  'text',
  'thought',
  'calls',
  'calls',
  'max_tokens',
  'refusal',
  'nothing',
  '400',
  '429',
  '500',
  '529',
  'error event',
  'cut stream',
  'left before the first event',
  'left in mid stream',
] as const

export type Ending = (typeof ENDINGS)[number]

/** Whether the client continues from a reply with this ending. */
export function isWhole(ending: Ending): boolean {
  return ['text', 'thought', 'calls', 'max_tokens', 'refusal', 'nothing'].includes(ending)
}

export type Turn = { role: string; content: unknown }

export type Opening = { fields: Record<string, unknown>; betas: string[] }

/** A number from 0 to 1. */
export type Random = () => number

export function pick<Choice>(random: Random, choices: readonly Choice[]): Choice {
  return choices[Math.floor(random() * choices.length)] as Choice
}

const MODELS = ['claude-sonnet-4-6', 'claude-sonnet-5-5', 'claude-opus-5-5', 'claude-haiku-5-5']

/** The word of a conversation: all its texts contain it, and no other text does. */
export function wordOf(conversation: number): string {
  return `word${conversation}x`
}

/** The words of conversations in a text. */
export function wordsIn(text: string): string[] {
  return [...new Set(text.match(/word\d+x/g))]
}

export function drawOpening(random: Random, word: string): Opening {
  const model = pick(random, MODELS)
  const thinking =
    model === 'claude-sonnet-4-6' ? { type: 'enabled', budget_tokens: 1024 } : { type: 'adaptive' }
  const tools = ['look', 'note'].map((name) => ({
    name,
    description: `Does a ${name} for ${word}.`,
    input_schema: { type: 'object', properties: { at: { type: 'string' } } },
  }))
  return {
    fields: {
      model,
      max_tokens: 4000,
      ...(random() < 0.6 && {
        system: `You serve ${word}. `.repeat(1 + Math.floor(random() * 20)),
      }),
      ...(random() < 0.6 && { tools: tools.slice(0, 1 + Math.floor(random() * 2)) }),
      ...(random() < 0.5 && { thinking }),
    },
    betas: random() < 0.2 ? ['telepathy-2030-01-01'] : [],
  }
}

/** The API's answer to a turn. Its text names the turn. */
export function answerTo(ending: Ending, tag: string, hold: () => Promise<void>): Answer {
  const text = textBlock(`The reply to ${tag}, and some more words that make it longer.`)
  const begun = (): StreamElement[] => eventsOf(assistantMessage([text])).slice(0, 4)
  switch (ending) {
    case 'text':
      return whole([text])
    case 'thought':
      return whole([{ type: 'thinking', thinking: `On ${tag}.`, signature: 'made-up' }, text])
    case 'calls': {
      const call = (name: string) => ({
        id: `toolu_${tag.replaceAll(' ', '_')}_${name}`,
        name,
        input: { at: tag },
      })
      return whole([text, ...toolUseMessage([call('look')]).content], { stop_reason: 'tool_use' })
    }
    case 'max_tokens':
      return whole([text], { stop_reason: 'max_tokens' })
    case 'refusal':
      return whole([text], {
        stop_reason: 'refusal',
        stop_details: { type: 'refusal', category: 'bio', explanation: null },
      })
    case 'nothing':
      return whole([])
    case '400':
      return error(400, 'invalid_request_error', `Not so: ${tag}`)
    case '429':
      return error(429, 'rate_limit_error', `Too fast: ${tag}`)
    case '500':
      return error(500, 'api_error', `Broken: ${tag}`)
    case '529':
      return error(529, 'overloaded_error', `Overloaded: ${tag}`)
    case 'error event':
      return events(
        [...begun(), { type: 'error', error: { type: 'overloaded_error', message: tag } }],
        PACE,
      )
    case 'cut stream':
      return events([...begun(), cut()], PACE)
    case 'left before the first event':
      return events([hold, ...eventsOf(assistantMessage([text]))])
    case 'left in mid stream':
      return events([...begun(), hold, ...eventsOf(assistantMessage([text])).slice(4)])
    default:
      ending satisfies never
      return message(assistantMessage([]))
  }
}

function whole(content: ContentBlock[], more: Partial<Message> = {}): Answer {
  return events(eventsOf(assistantMessage(content, more)), PACE)
}

/** Numbers from 0 to 1 that follow from a seed: mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
