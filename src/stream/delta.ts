import type { ReplyEvent } from '../api/types.ts'

/** A JSON object. */
export type Fields = Record<string, unknown>

type Delta = Extract<ReplyEvent, { type: 'content_block_delta' }>['delta']

/**
 * The deltas that can be applied one by one; the pieces of `input_json_delta` are JSON only
 * together.
 */
export type BlockDelta = Exclude<Delta, { type: 'input_json_delta' }>

/**
 * Applies one delta to its block. The block shares no value with the delta.
 *
 * A delta of an unknown type counts as a piece of text if exactly one of its fields is a string
 * that is also a string in the block: it is appended. Otherwise its fields replace the block's.
 */
export function applyDelta(block: Fields, delta: BlockDelta): void {
  switch (delta.type) {
    case 'text_delta':
      append(block, 'text', delta.text)
      return
    case 'thinking_delta':
      append(block, 'thinking', delta.thinking)
      return
    case 'signature_delta':
      block['signature'] = delta.signature
      return
    case 'citations_delta':
      block['citations'] = [...listOf(block['citations']), structuredClone(delta.citation)]
      return
    case 'compaction_delta': {
      // A delta has the whole value; `null` means that there is no summary.
      const { type: _, ...values } = delta
      setFields(block, values)
      return
    }
    default:
      delta satisfies never
      applyUnknown(block, delta)
  }
}

function applyUnknown(block: Fields, delta: Fields): void {
  const { type: _, ...values } = delta
  const texts = Object.entries(values).filter(
    (entry): entry is [string, string] =>
      typeof entry[1] === 'string' && typeof block[entry[0]] === 'string',
  )
  const [piece] = texts
  if (piece && texts.length === 1) append(block, ...piece)
  else setFields(block, values)
}

/** Sets fields to copies of new values. `__proto__` is an ordinary name here. */
export function setFields(target: Fields, values: Fields): void {
  for (const [name, value] of Object.entries(structuredClone(values))) {
    Object.defineProperty(target, name, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    })
  }
}

function append(block: Fields, field: string, piece: string): void {
  const before = block[field]
  block[field] = typeof before === 'string' ? before + piece : piece
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
