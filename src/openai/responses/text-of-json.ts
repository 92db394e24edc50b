/** The JSON in front of the text. */
const HEAD = /^\s*\{\s*"input"\s*:\s*"/

/** Complete characters within a JSON string. */
const CHARACTERS = /^(?:[^"\\]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))+/

/** Half of a surrogate pair at the end; the other half is still to come. */
const HALF = /[\uD800-\uDBFF]$/

/**
 * Reads the text of `{"input": "…"}` while its JSON comes in pieces.
 *
 * @returns a function that takes the next piece and returns the new part of the text
 */
export function inputReader(): (piece: string) => string {
  /** JSON that is not read yet. */
  let pending = ''
  /** Text that was read, but not returned yet. */
  let half = ''
  let isInside = false
  return (piece) => {
    pending += piece
    if (!isInside) {
      const head = HEAD.exec(pending)?.[0]
      if (head === undefined) return ''
      pending = pending.slice(head.length)
      isInside = true
    }
    const escaped = CHARACTERS.exec(pending)?.[0] ?? ''
    pending = pending.slice(escaped.length)
    const text = half + (JSON.parse(`"${escaped}"`) as string)
    half = HALF.exec(text)?.[0] ?? ''
    return text.slice(0, text.length - half.length)
  }
}
