/** Long enough for a name or a sentence: texts of a client or the API must not fill a log. */
const LONGEST = 300

/** A text that others chose, fit for a log that is read in a terminal: one line, no control characters. */
export function plainLine(text: string): string {
  const line = text.slice(0, LONGEST + 1).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line
}
