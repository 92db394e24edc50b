import type { Steps } from './steps.ts'
import { PIECE_LENGTH, textPieces } from './text-pieces.ts'

/** What a value costs at least, in characters of a text. */
const VALUE_COST = 20

/**
 * The JSON of a value, as `JSON.stringify` writes it, in pieces: of a body of many megabytes that
 * would take some tenths of a second at once.
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

/** Whether all of a value is written in well under a millisecond. */
export function isSmall(value: unknown): boolean {
  return roomAfter(value, PIECE_LENGTH) >= 0
}

/** About how many characters the JSON of a value has, without making it. */
export function sizeOf(value: unknown): number {
  const room = Number.MAX_SAFE_INTEGER
  return room - roomAfter(value, room)
}

/** Neighbours that are small together are written at once: there may be several hundred thousand. */
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

/** What is left of a room, in characters, after a value; less than 0 if it does not fit. */
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
