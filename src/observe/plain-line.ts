/**
 * Maximum length: enough for a name or a sentence, so that a client's or the API's text can't fill
 * the log.
 */
const LONGEST = 300

/** Makes untrusted text safe for a log in a terminal: one line, no control characters. */
export function plainLine(text: string): string {
  const line = text.slice(0, LONGEST + 1).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line
}
