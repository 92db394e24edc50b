/** Characters of a piece. Work on one takes some tenths of a millisecond. */
export const PIECE_LENGTH = 64 * 1024

/** Cuts a text into pieces. No piece ends in the middle of a character. */
export function* textPieces(text: string): Generator<string, void> {
  for (let start = 0; start < text.length;) {
    const end = pieceEnd(text, start)
    yield text.slice(start, end)
    start = end
  }
}

function pieceEnd(text: string, start: number): number {
  const end = Math.min(text.length, start + PIECE_LENGTH)
  const last = text.charCodeAt(end - 1)
  const isHalf = last >= 0xd8_00 && last <= 0xdb_ff
  return isHalf ? Math.min(text.length, end + 1) : end
}
