import type { Steps } from './steps.ts'
import { PIECE_LENGTH, textPieces } from './text-pieces.ts'

/** The minimum cost of a value, in characters. */
const VALUE_COST = 20

/**
 * The JSON of a value in pieces; together they equal the result of `JSON.stringify`. For a body of
 * many megabytes one call of `JSON.stringify` takes some tenths of a second.
 *
 * @param value of JSON; fields that are undefined are left out
 */
export function* jsonPieces(value: unknown): Generator<string, void> {
  if (isSmall(value)) {
    yield JSON.stringify(value)
    return
  }
  if (typeof value === 'string') {
    yield '"'
    for (const piece of textPieces(value)) yield JSON.stringify(piece).slice(1, -1)
    yield '"'
    return
  }
  const isList = Array.isArray(value)
  yield isList ? '[' : '{'
  if (isList) yield* listPieces(value)
  else yield* fieldPieces(value as object)
  yield isList ? ']' : '}'
}

/** The JSON of a value, made in steps. */
export function* jsonText(value: unknown): Steps<string> {
  const pieces: string[] = []
  for (const piece of jsonPieces(value)) {
    pieces.push(piece)
    yield
  }
  return pieces.join('')
}

/** Whether the whole value can be written in well under a millisecond. */
export function isSmall(value: unknown): boolean {
  return roomAfter(value, PIECE_LENGTH) >= 0
}

/** The approximate number of characters of a value's JSON, which is not made. */
export function sizeOf(value: unknown): number {
  const room = Number.MAX_SAFE_INTEGER
  return room - roomAfter(value, room)
}

/** Joins small neighbours into one piece, because a list may have several hundred thousand parts. */
function* listPieces(list: readonly unknown[]): Generator<string, void> {
  let separator = ''
  for (let start = 0; start < list.length;) {
    let end = start
    for (let room = PIECE_LENGTH; end < list.length; end += 1) {
      room = roomAfter(list[end], room)
      if (room < 0) break
    }
    if (separator !== '') yield separator
    separator = ','
    if (end > start) yield JSON.stringify(list.slice(start, end)).slice(1, -1)
    else {
      yield* jsonPieces(list[start])
      end += 1
    }
    start = end
  }
}

function* fieldPieces(value: object): Generator<string, void> {
  let separator = ''
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue
    yield `${separator}${JSON.stringify(name)}:`
    separator = ','
    yield* jsonPieces(field)
  }
}

/** The room that is left after a value, in characters; less than 0 if the value does not fit. */
function roomAfter(value: unknown, room: number): number {
  let left = room - VALUE_COST
  if (typeof value === 'string') return left - value.length
  if (typeof value !== 'object' || value === null) return left
  if (Array.isArray(value)) {
    for (const part of value) {
      if (left < 0) return left
      left = roomAfter(part, left)
    }
    return left
  }
  for (const [name, field] of Object.entries(value)) {
    if (left < 0) return left
    left = roomAfter(field, left - name.length)
  }
  return left
}
