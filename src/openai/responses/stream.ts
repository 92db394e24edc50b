import type {
  Response,
  ResponseOutputItem,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses'

import type { ReplyEvent, ReplyMessage, StreamEvent } from '../../api/types.ts'
import type { ApiError } from '../../errors.ts'
import { unfolded } from '../../stream/unfold.ts'
import { openaiErrorBody } from '../error-body.ts'
import { type Block, groupBlocks, outputItem, textPart } from './output.ts'
import {
  emptyResponse,
  failedResponse,
  type ResponseHead,
  responseOf,
  type WireResponse,
} from './reply.ts'

/** The message that the events make. It may be ahead of the events that were translated. */
export type FoldedReply = {
  soFar: () => ReplyMessage | undefined
  /** The whole message, when `message_stop` is translated. */
  message: () => ReplyMessage
}

/** Translates the events of a reply into those of a response, which are numbered from 0. */
export class ResponseStream {
  readonly #head: ResponseHead
  readonly #reply: FoldedReply
  /** How many blocks have begun. */
  #blockCount = 0
  #begun: WireResponse | undefined
  /** Where each block is in the output, by the index of its events. */
  readonly #places = new Map<number, Place>()
  /** The items that have begun and are not done. */
  readonly #open = new Set<number>()
  readonly #done: ResponseOutputItem[] = []
  #emitted: ResponseStreamEvent[] = []
  #count = 0

  constructor(head: ResponseHead, reply: FoldedReply) {
    this.#head = head
    this.#reply = reply
  }

  /** The events of a response for one of the reply. */
  push(event: StreamEvent): ResponseStreamEvent[] {
    for (const each of unfolded(event)) this.#read(each)
    return this.#take()
  }

  /**
   * The events that end a stream which failed. Some clients look for the one, some for the other; of
   * the first, some read `error`, as it is in chats, and some the fields beside it.
   */
  fail(error: ApiError): ResponseStreamEvent[] {
    const { error: body } = openaiErrorBody(error)
    const { message, code, param } = body
    const event = { type: 'error' as const, message, code, param, error: body }
    this.#emit(event)
    if (this.#begun) {
      const response = failedResponse(this.#begun, this.#done, error)
      this.#emit({ type: 'response.failed', response: typed(response) })
    }
    return this.#take()
  }

  #read(event: ReplyEvent): void {
    switch (event.type) {
      case 'message_start': {
        this.#begun = emptyResponse(event.message.model, this.#head)
        const response = typed(this.#begun)
        this.#emit({ type: 'response.created', response })
        this.#emit({ type: 'response.in_progress', response })
        return
      }
      case 'content_block_start':
        this.#startBlock(event.index)
        return
      case 'content_block_delta': {
        const place = this.#places.get(event.index)
        if (place) this.#readDelta(place, event.delta)
        return
      }
      case 'content_block_stop': {
        const place = this.#places.get(event.index)
        if (place) this.#stopBlock(place)
        return
      }
      case 'message_delta':
        return
      case 'message_stop':
        this.#end(responseOf(this.#reply.message(), this.#head))
        return
      default:
        event satisfies never
    }
  }

  #startBlock(index: number): void {
    this.#blockCount += 1
    const groups = this.#groups()
    const block = this.#content().at(-1)
    const item = groups.findIndex((group) => block !== undefined && group.includes(block))
    if (block === undefined || item === -1) return
    const part = groups[item]?.indexOf(block) ?? 0
    if (part === 0) this.#startItem(item)
    const place = {
      block,
      part,
      at: { output_index: item, item_id: this.#idOf(item) },
      seen: false,
    }
    this.#places.set(index, place)
    if (block.type === 'text') {
      const opened = { ...textPart(block), text: '', annotations: [] }
      this.#emit({
        type: 'response.content_part.added',
        ...place.at,
        content_index: part,
        part: opened,
      })
    }
    if (block.type === 'server_tool_use') {
      this.#emit({ type: 'response.web_search_call.in_progress', ...place.at })
    }
  }

  #startItem(index: number): void {
    // A message is over when something else begins; a search when its result is there.
    for (const before of this.#open) {
      if (this.#item(before).type === 'message') this.#finish(before)
    }
    this.#open.add(index)
    const item = emptied(this.#item(index))
    this.#emit({ type: 'response.output_item.added', output_index: index, item })
  }

  #readDelta(place: Place, delta: Delta): void {
    const { at, part, block } = place
    switch (delta.type) {
      case 'text_delta':
        this.#emit({
          type: 'response.output_text.delta',
          ...at,
          content_index: part,
          delta: delta.text,
          logprobs: [],
        })
        return
      case 'thinking_delta':
        if (delta.thinking === '') return
        if (!place.seen) {
          const opened = { type: 'summary_text' as const, text: '' }
          this.#emit({
            type: 'response.reasoning_summary_part.added',
            ...at,
            ...SUMMARY,
            part: opened,
          })
        }
        place.seen = true
        this.#emit({
          type: 'response.reasoning_summary_text.delta',
          ...at,
          ...SUMMARY,
          delta: delta.thinking,
        })
        return
      case 'input_json_delta':
        if (block.type !== 'tool_use' || delta.partial_json === '') return
        place.seen = true
        this.#emit({
          type: 'response.function_call_arguments.delta',
          ...at,
          delta: delta.partial_json,
        })
        return
      case 'citations_delta':
      case 'signature_delta':
      case 'compaction_delta':
        return
      default:
        delta satisfies never
    }
  }

  #stopBlock({ block, at, part, seen }: Place): void {
    switch (block.type) {
      case 'text':
        this.#stopText(textPart(block), { ...at, content_index: part })
        return
      case 'thinking':
        if (seen) {
          const text = block.thinking
          this.#emit({ type: 'response.reasoning_summary_text.done', ...at, ...SUMMARY, text })
          const whole = { type: 'summary_text' as const, text }
          this.#emit({
            type: 'response.reasoning_summary_part.done',
            ...at,
            ...SUMMARY,
            part: whole,
          })
        }
        this.#finish(at.output_index)
        return
      case 'tool_use': {
        const text = JSON.stringify(block.input)
        // A call without arguments comes without deltas.
        if (!seen)
          this.#emit({ type: 'response.function_call_arguments.delta', ...at, delta: text })
        this.#emit({
          type: 'response.function_call_arguments.done',
          ...at,
          arguments: text,
        })
        this.#finish(at.output_index)
        return
      }
      case 'server_tool_use':
        this.#emit({ type: 'response.web_search_call.searching', ...at })
        return
      case 'web_search_tool_result':
        this.#emit({ type: 'response.web_search_call.completed', ...at })
        this.#finish(at.output_index)
        return
      default:
        this.#finish(at.output_index)
    }
  }

  #stopText(part: ReturnType<typeof textPart>, at: Place['at'] & { content_index: number }): void {
    for (const [annotation_index, annotation] of part.annotations.entries()) {
      this.#emit({
        type: 'response.output_text.annotation.added',
        ...at,
        annotation_index,
        annotation,
      })
    }
    this.#emit({ type: 'response.output_text.done', ...at, text: part.text, logprobs: [] })
    this.#emit({ type: 'response.content_part.done', ...at, part })
  }

  #end(response: WireResponse): void {
    const isComplete = response.status === 'completed'
    for (const index of this.#open) {
      const isLast = index === response.output.length - 1
      this.#finish(index, isComplete || !isLast ? 'completed' : 'incomplete')
    }
    const type = isComplete ? 'response.completed' : 'response.incomplete'
    this.#emit({ type, response: typed(response) })
  }

  #finish(index: number, status: 'completed' | 'incomplete' = 'completed'): void {
    this.#open.delete(index)
    const item = this.#item(index, status)
    this.#done.push(item)
    this.#emit({ type: 'response.output_item.done', output_index: index, item })
  }

  #groups(): Block[][] {
    return groupBlocks(this.#content())
  }

  #content(): Block[] {
    return this.#reply.soFar()?.content.slice(0, this.#blockCount) ?? []
  }

  #item(index: number, status: 'completed' | 'incomplete' = 'completed'): ResponseOutputItem {
    return outputItem(this.#groups()[index] ?? [], this.#head.id, index, status)
  }

  #idOf(index: number): string {
    return this.#item(index).id ?? ''
  }

  #emit(event: Unnumbered): void {
    this.#emitted.push({ ...event, sequence_number: this.#count })
    this.#count += 1
  }

  #take(): ResponseStreamEvent[] {
    const events = this.#emitted
    this.#emitted = []
    return events
  }
}

type Delta = Extract<ReplyEvent, { type: 'content_block_delta' }>['delta']

type Place = {
  block: Block
  /** The index among the parts of its item. */
  part: number
  at: { output_index: number; item_id: string }
  /** Whether a delta of it was passed on. */
  seen: boolean
}

type Without<Event, Field extends string> = Event extends unknown ? Omit<Event, Field> : never
type Unnumbered = Without<ResponseStreamEvent, 'sequence_number'>

/** A thought is one part of a summary. */
const SUMMARY = { summary_index: 0 }

/** An item as it is before anything of it has come. */
function emptied(item: ResponseOutputItem): ResponseOutputItem {
  switch (item.type) {
    case 'message':
      return { ...item, status: 'in_progress', content: [] }
    case 'function_call':
      return { ...item, status: 'in_progress', arguments: '' }
    case 'reasoning':
      return { id: item.id, type: item.type, summary: [] }
    case 'web_search_call':
      return { ...item, status: 'in_progress' }
    default:
      return item
  }
}

/** What has all that the wire has; the rest is the client library's. */
function typed(response: WireResponse): Response {
  return response as Response
}
