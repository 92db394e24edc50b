import type { ReplyEvent } from '../api/types.ts'

/** A JSON object, seen as its fields. */
export type Fields = Record<string, unknown>

type Delta = Extract<ReplyEvent, { type: 'content_block_delta' }>['delta']

/**
 * The deltas that can be applied one by one; the pieces of `input_json_delta` are JSON only
 * together.
 */
export type BlockDelta = Exclude<Delta, { type: 'input_json_delta' }>

/**
 * Applies one delta to the block that it belongs to. Nothing of the delta is shared with the block.
 *
 * A delta of a type that is not known yet is taken for a piece of text if it has exactly one string
 * that the block has as a string too, which is then appended. Otherwise its fields are new values of
 * the block's.
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
      // Whole values: `null` says that nothing could be summed up.
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

/** Gives fields new values, not shared with their source; `__proto__` is a name like others. */
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
