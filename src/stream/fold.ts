import type { ReplyEvent, ReplyMessage, StreamEvent } from '../api/types.ts'
import { applyDelta, type Fields, setFields } from './delta.ts'

export type Fold = {
  /** Takes the next event. Throws if it cannot come at this point of a stream. */
  push: (event: StreamEvent) => void
  /** The message so far, including unfinished blocks; `undefined` before it began. */
  soFar: () => ReplyMessage | undefined
  /** Whether `message_stop` came. */
  isComplete: () => boolean
  /** The whole message. Throws before `message_stop`. */
  message: () => ReplyMessage
}

/**
 * Folds the events of a streamed reply into the message that the API would have sent without
 * streaming.
 *
 * - `message_start` may already have content (after programmatic tool calling).
 * - There may be several `message_delta`s. Their fields and their `usage`, if any, replace the
 *   earlier ones: counters are totals and are never added up. A `null` does not erase a known
 *   value.
 * - A tool's `input` is the JSON of its deltas. If a cut reply leaves JSON that does not parse, the
 *   block keeps its first `input` (`{}`), not a guess.
 * - A `fallback` block names the model that continues; it becomes the message's model.
 * - An index may be missing: the runtime withholds some blocks.
 * - `ping` and unknown event types change nothing.
 *
 * Events are never changed, and share no values with the message.
 * Source: https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export function createFold(): Fold {
  let message: ReplyMessage | undefined
  let isComplete = false
  let nextIndex = 0
  const open = new Map<number, OpenBlock>()

  function push(unknownEvent: StreamEvent): void {
    const event = unknownEvent as ReplyEvent
    switch (event.type) {
      case 'message_start':
        if (message !== undefined) throw outOfOrder(event)
        message = structuredClone(event.message)
        message.content ??= []
        return
      case 'content_block_start':
        startBlock(underWay(event), event)
        return
      case 'content_block_delta': {
        const block = openBlock(event)
        if (event.delta.type === 'input_json_delta') block.inputJson += event.delta.partial_json
        else applyDelta(block.fields, event.delta)
        return
      }
      case 'content_block_stop':
        setInput(openBlock(event))
        open.delete(event.index)
        return
      case 'message_delta':
        applyMessageDelta(underWay(event), event)
        return
      case 'message_stop':
        underWay(event)
        if (open.size > 0) throw outOfOrder(event)
        isComplete = true
        return
      default:
        event satisfies never
    }
  }

  function underWay(event: ReplyEvent): ReplyMessage {
    if (message === undefined || isComplete) throw outOfOrder(event)
    return message
  }

  function startBlock(current: ReplyMessage, event: EventOf<'content_block_start'>): void {
    if (event.index < nextIndex) throw outOfOrder(event)
    nextIndex = event.index + 1
    const block = structuredClone(event.content_block)
    current.content.push(block)
    open.set(event.index, { fields: block as unknown as Fields, inputJson: '' })
    if (block.type === 'fallback') current.model = block.to.model
  }

  function openBlock(event: EventOf<'content_block_delta' | 'content_block_stop'>): OpenBlock {
    const block = open.get(event.index)
    if (block === undefined) throw outOfOrder(event)
    return block
  }

  return {
    push,
    soFar: () => message,
    isComplete: () => isComplete,
    message() {
      if (message === undefined || !isComplete)
        throw new Error('The reply ended before message_stop')
      return message
    },
  }
}

type EventOf<Type extends ReplyEvent['type']> = Extract<ReplyEvent, { type: Type }>

/** A block between its start and its stop, and the JSON of its input so far. */
type OpenBlock = { fields: Fields; inputJson: string }

function setInput({ fields, inputJson }: OpenBlock): void {
  if (inputJson === '') return
  try {
    fields['input'] = JSON.parse(inputJson)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
}

function applyMessageDelta(message: ReplyMessage, event: EventOf<'message_delta'>): void {
  const { type: _, delta, usage, ...others } = event
  const fields = message as unknown as Fields
  overwrite(fields, { ...delta, ...others })
  if (!isFields(usage)) return
  if (isFields(fields['usage'])) overwrite(fields['usage'], usage)
  else setFields(fields, { usage })
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

function overwrite(target: Fields, values: Fields): void {
  const known = Object.entries(values).filter(
    ([name, value]) => value !== null || !Object.hasOwn(target, name),
  )
  setFields(target, Object.fromEntries(known))
}

function outOfOrder(event: ReplyEvent): Error {
  const place = 'index' in event ? ` ${event.index}` : ''
  return new Error(`Event out of order in the reply: ${event.type}${place}`)
}
