import type {
  Response,
  ResponseOutputItem,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses'

import type { ReplyEvent, ReplyMessage, StreamEvent } from '../../api/types.ts'
import type { ApiError } from '../../errors.ts'
import { unfolded } from '../../stream/unfold.ts'
import { openaiErrorBody } from '../error-body.ts'
import { type Block, groupBlocks, itemKind, outputItem, textPart } from './output.ts'
import {
  emptyResponse,
  failedResponse,
  outputHead,
  type ResponseHead,
  responseOf,
  type WireResponse,
} from './reply.ts'
import { inputReader } from './text-of-json.ts'

/** The message from the events. It may be ahead of the translated events. */
export type FoldedReply = {
  soFar: () => ReplyMessage | undefined
  /** Resolves with the whole message when `message_stop` was translated. */
  message: () => ReplyMessage
}

/** Translates the events of a reply into the events of a response, numbered from 0. */
export class ResponseStream {
  readonly #head: ResponseHead
  readonly #reply: FoldedReply
  readonly #now: () => number
  /** Number of blocks that have begun. */
  #blockCount = 0
  #begun: WireResponse | undefined
  /** The place of each block in the output, by the index in its events. */
  readonly #states = new Map<number, BlockState>()
  /** The items that have begun and are not complete. */
  readonly #open = new Set<number>()
  readonly #done: ResponseOutputItem[] = []
  #emitted: ResponseStreamEvent[] = []
  #count = 0

  /** @param now seconds since 1970 */
  constructor(head: ResponseHead, reply: FoldedReply, now: () => number) {
    this.#head = head
    this.#reply = reply
    this.#now = now
  }

  /** The events of a response that is still queued. */
  queue(model: string): ResponseStreamEvent[] {
    this.#begun = { ...emptyResponse(model, this.#head), status: 'queued' }
    const response = typed(this.#begun)
    this.#emit({ type: 'response.created', response })
    this.#emit({ type: 'response.queued', response })
    return this.#drain()
  }

  /** The events of a response for an event of the reply. */
  push(event: StreamEvent): ResponseStreamEvent[] {
    for (const each of unfolded(event)) this.#read(each)
    return this.#drain()
  }

  /**
   * The events that end a failed stream. Clients look either for `error` or for `response.failed`. In
   * `error`, some read `error.message` as in chats, others the top-level fields.
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
    return this.#drain()
  }

  #read(event: ReplyEvent): void {
    switch (event.type) {
      case 'message_start': {
        const isNew = this.#begun === undefined
        this.#begun = emptyResponse(event.message.model, this.#head)
        const response = typed(this.#begun)
        if (isNew) this.#emit({ type: 'response.created', response })
        this.#emit({ type: 'response.in_progress', response })
        return
      }
      case 'content_block_start':
        this.#startBlock(event.index)
        return
      case 'content_block_delta': {
        const state = this.#states.get(event.index)
        if (state) this.#readDelta(state, event.delta)
        return
      }
      case 'content_block_stop': {
        const state = this.#states.get(event.index)
        if (state) this.#stopBlock(state)
        return
      }
      case 'message_delta':
        return
      case 'message_stop':
        this.#end(responseOf(this.#reply.message(), this.#head, this.#now()))
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
    const state = {
      block,
      part,
      at: { output_index: item, item_id: this.#idOf(item) },
      seen: false,
      sent: '',
      readInput: inputReader(),
    }
    this.#states.set(index, state)
    if (block.type === 'text') {
      const opened = { ...textPart(block), text: '', annotations: [] }
      this.#emit({
        type: 'response.content_part.added',
        ...state.at,
        content_index: part,
        part: opened,
      })
    }
    if (part > 0) return
    switch (itemKind(block, this.#head.names)) {
      case 'web_search_call':
        this.#emit({ type: 'response.web_search_call.in_progress', ...state.at })
        return
      case 'code_interpreter_call':
        this.#emit({ type: 'response.code_interpreter_call.in_progress', ...state.at })
        return
      case 'mcp_call':
        this.#emit({ type: 'response.mcp_call.in_progress', ...state.at })
        return
      case 'mcp_list_tools':
        this.#emit({ type: 'response.mcp_list_tools.in_progress', ...state.at })
        return
      default:
    }
  }

  #startItem(index: number): void {
    // A message is complete when another item begins; a search, when its result is there.
    for (const before of this.#open) {
      if (this.#item(before).type === 'message') this.#finish(before)
    }
    this.#open.add(index)
    const item = emptied(this.#item(index))
    this.#emit({ type: 'response.output_item.added', output_index: index, item })
  }

  #readDelta(state: BlockState, delta: Delta): void {
    const { at, part } = state
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
        if (!state.seen) {
          const opened = { type: 'summary_text' as const, text: '' }
          this.#emit({
            type: 'response.reasoning_summary_part.added',
            ...at,
            ...SUMMARY,
            part: opened,
          })
        }
        state.seen = true
        this.#emit({
          type: 'response.reasoning_summary_text.delta',
          ...at,
          ...SUMMARY,
          delta: delta.thinking,
        })
        return
      case 'input_json_delta':
        if (delta.partial_json !== '') this.#readInput(state, delta.partial_json)
        return
      case 'citations_delta':
      case 'signature_delta':
      case 'compaction_delta':
        return
      default:
        delta satisfies never
    }
  }

  /** A piece of the JSON of a call's input. */
  #readInput(state: BlockState, piece: string): void {
    const { at, block } = state
    switch (itemKind(block, this.#head.names)) {
      case 'function_call':
        state.seen = true
        this.#emit({ type: 'response.function_call_arguments.delta', ...at, delta: piece })
        return
      case 'mcp_call':
        state.seen = true
        this.#emit({ type: 'response.mcp_call_arguments.delta', ...at, delta: piece })
        return
      case 'custom_tool_call':
        this.#emitInput(state, state.readInput(piece))
        return
      default:
        // The other calls are sent when they are complete.
        return
    }
  }

  #emitInput(state: BlockState, delta: string): void {
    if (delta === '') return
    state.sent += delta
    this.#emit({ type: 'response.custom_tool_call_input.delta', ...state.at, delta })
  }

  #stopBlock(state: BlockState): void {
    const { block, at, part, seen } = state
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
      case 'tool_use':
      case 'mcp_tool_use':
      case 'server_tool_use':
        this.#stopCall(state)
        return
      case 'mcp_tool_listing':
        this.#emit({ type: 'response.mcp_list_tools.completed', ...at })
        this.#finish(at.output_index)
        return
      case 'web_search_tool_result':
      case 'web_fetch_tool_result':
        this.#emit({ type: 'response.web_search_call.completed', ...at })
        this.#finish(at.output_index)
        return
      case 'code_execution_tool_result':
      case 'bash_code_execution_tool_result':
      case 'text_editor_code_execution_tool_result':
        this.#emit({ type: 'response.code_interpreter_call.completed', ...at })
        this.#finish(at.output_index)
        return
      case 'mcp_tool_result':
        this.#emit({ type: `response.mcp_call.${block.is_error ? 'failed' : 'completed'}`, ...at })
        this.#finish(at.output_index)
        return
      default:
        this.#finish(at.output_index)
    }
  }

  /**
   * The input of a call is complete. A call that runs on the API's side is complete with its
   * result.
   */
  #stopCall(state: BlockState): void {
    const { at, seen } = state
    const item = this.#item(at.output_index)
    switch (item.type) {
      case 'function_call':
        // A call without arguments has no deltas.
        if (!seen) {
          const delta = item.arguments
          this.#emit({ type: 'response.function_call_arguments.delta', ...at, delta })
        }
        this.#emit({
          type: 'response.function_call_arguments.done',
          ...at,
          arguments: item.arguments,
        })
        break
      case 'custom_tool_call': {
        // The pieces do not have the text of an input in another form.
        if (item.input.startsWith(state.sent)) {
          this.#emitInput(state, item.input.slice(state.sent.length))
        }
        const { input } = item
        this.#emit({ type: 'response.custom_tool_call_input.done', ...at, input })
        break
      }
      case 'shell_call':
        this.#emitCommands(at.output_index, item.action.commands)
        break
      case 'web_search_call':
        this.#emit({ type: 'response.web_search_call.searching', ...at })
        return
      case 'code_interpreter_call': {
        const code = item.code ?? ''
        this.#emit({ type: 'response.code_interpreter_call_code.delta', ...at, delta: code })
        this.#emit({ type: 'response.code_interpreter_call_code.done', ...at, code })
        this.#emit({ type: 'response.code_interpreter_call.interpreting', ...at })
        return
      }
      case 'mcp_call': {
        const text = item.arguments
        if (!seen) this.#emit({ type: 'response.mcp_call_arguments.delta', ...at, delta: text })
        this.#emit({ type: 'response.mcp_call_arguments.done', ...at, arguments: text })
        return
      }
      default:
    }
    this.#finish(at.output_index)
  }

  #emitCommands(index: number, commands: readonly string[]): void {
    for (const [command_index, command] of commands.entries()) {
      const at = { output_index: index, command_index }
      this.#emit({ type: 'response.shell_call_command.added', ...at, command: '' })
      this.#emit({ type: 'response.shell_call_command.delta', ...at, delta: command })
      this.#emit({ type: 'response.shell_call_command.done', ...at, command })
    }
  }

  #stopText(
    part: ReturnType<typeof textPart>,
    at: BlockState['at'] & { content_index: number },
  ): void {
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
    return groupBlocks(this.#content(), this.#head.names)
  }

  #content(): Block[] {
    return this.#reply.soFar()?.content.slice(0, this.#blockCount) ?? []
  }

  #item(index: number, status: 'completed' | 'incomplete' = 'completed'): ResponseOutputItem {
    const head = outputHead(this.#reply.soFar(), this.#head)
    return outputItem(this.#groups()[index] ?? [], head, index, status)
  }

  #idOf(index: number): string {
    return this.#item(index).id ?? ''
  }

  #emit(event: Unnumbered): void {
    this.#emitted.push({ ...event, sequence_number: this.#count })
    this.#count += 1
  }

  #drain(): ResponseStreamEvent[] {
    const events = this.#emitted
    this.#emitted = []
    return events
  }
}

type Delta = Extract<ReplyEvent, { type: 'content_block_delta' }>['delta']

type BlockState = {
  block: Block
  /** Its index among the parts of the item. */
  part: number
  at: { output_index: number; item_id: string }
  /** Whether a delta of it was sent. */
  seen: boolean
  /** The text of a custom call that was sent. */
  sent: string
  readInput: (piece: string) => string
}

type Without<Event, Field extends string> = Event extends unknown ? Omit<Event, Field> : never
type Unnumbered = Without<ResponseStreamEvent, 'sequence_number'>

/** A thought becomes one part of a summary. */
const SUMMARY = { summary_index: 0 }

/** The beginning of an item, without content. */
function emptied(item: ResponseOutputItem): ResponseOutputItem {
  switch (item.type) {
    case 'message':
      return { ...item, status: 'in_progress', content: [] }
    case 'function_call':
      return { ...item, status: 'in_progress', arguments: '' }
    case 'custom_tool_call':
      return { ...item, input: '' }
    case 'reasoning':
      return { id: item.id, type: item.type, summary: [] }
    case 'local_shell_call':
    case 'shell_call':
    case 'apply_patch_call':
    case 'computer_call':
    case 'web_search_call':
      return { ...item, status: 'in_progress' }
    case 'code_interpreter_call':
      return { ...item, status: 'in_progress', code: '', outputs: null }
    case 'mcp_call':
      return { ...item, status: 'in_progress', arguments: '', output: null, error: null }
    case 'mcp_list_tools':
      return { ...item, tools: [] }
    default:
      return item
  }
}

/** A type for the fields on the wire; the client's library adds the others. */
function typed(response: WireResponse): Response {
  return response as unknown as Response
}
