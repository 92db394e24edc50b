import type { ReplyEvent } from '../api/types.ts'

type Numbers = { [field: string]: unknown }

/**
 * Merges the messages of a run with tools into one: all text blocks in order, the stop reason of
 * the last message, and the sum of the usage. Tool calls and results are left out.
 */
export class MessageMerge {
  #hasStarted = false
  #nextIndex = 0
  /** The index in the merged message of each text block of the current message. */
  #indices = new Map<number, number>()
  #usage: Numbers = {}
  #total: Numbers = {}
  #lastDelta: Extract<ReplyEvent, { type: 'message_delta' }> | undefined

  /** The part of an event that belongs to the merged message. */
  read(event: ReplyEvent): ReplyEvent[] {
    switch (event.type) {
      case 'message_start': {
        this.#indices = new Map()
        this.#usage = { ...event.message.usage }
        const isFirst = !this.#hasStarted
        this.#hasStarted = true
        return isFirst ? [event] : []
      }
      case 'content_block_start':
        if (event.content_block.type !== 'text') return []
        this.#indices.set(event.index, this.#nextIndex)
        this.#nextIndex += 1
        return this.#moved(event)
      case 'content_block_delta':
      case 'content_block_stop':
        return this.#moved(event)
      case 'message_delta':
        this.#lastDelta = event
        this.#usage = { ...this.#usage, ...event.usage }
        return []
      case 'message_stop':
        this.#total = sum(this.#total, this.#usage)
        return []
      default:
        return []
    }
  }

  /** The events that end the merged message; none if no message came. */
  finish(): ReplyEvent[] {
    const last = this.#lastDelta
    if (last === undefined) return []
    return [{ ...last, usage: { ...last.usage, ...this.#total } }, { type: 'message_stop' }]
  }

  #moved(event: Extract<ReplyEvent, { index: number }>): ReplyEvent[] {
    const index = this.#indices.get(event.index)
    return index === undefined ? [] : [{ ...event, index }]
  }
}

function sum(total: Numbers, more: Numbers): Numbers {
  const fields = Object.entries(more).map(([name, value]) => [name, added(total[name], value)])
  return { ...total, ...Object.fromEntries(fields) }
}

function added(before: unknown, value: unknown): unknown {
  if (typeof value === 'number') return value + (typeof before === 'number' ? before : 0)
  if (isNumbers(value)) return sum(isNumbers(before) ? before : {}, value)
  return value ?? before
}

function isNumbers(value: unknown): value is Numbers {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
