/** What a row takes in addition to its texts, in bytes. */
const ROW_COST = 200

/** The approximate room that a row with these texts takes, in bytes. */
export function sizeOfRow(...texts: (string | null)[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), ROW_COST)
}
