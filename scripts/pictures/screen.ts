/** A piece of text with one style. */
export type Span = { text: string; classes: string }

/** A line of a terminal, and when it was last written, in milliseconds. */
export type Line = { at: number; spans: readonly Span[] }

/** An output of a program to its terminal, with its time in milliseconds. */
export type Written = { at: number; text: string }

const CLASSES: Readonly<Record<number, string>> = {
  1: 'bold',
  2: 'dim',
  31: 'red',
  32: 'green',
  33: 'yellow',
  34: 'blue',
  35: 'magenta',
  36: 'cyan',
  90: 'dim',
}

// A control sequence, a control character or plain text. A sequence has parameters and an end.
// eslint-disable-next-line no-control-regex
const PIECE = /\u001B\[([?\d;]*)([A-Za-z])|([\r\n])|([^\u001B\r\n]+)/g

/**
 * The lines that a terminal shows after the output of a program. Colours, line ends and "clear this
 * line" are supported; other control sequences are ignored.
 */
export function linesOf(written: readonly Written[]): Line[] {
  const lines: { at: number; spans: Span[] }[] = [{ at: 0, spans: [] }]
  let classes = new Set<string>()
  for (const { at, text } of written) {
    for (const [, parameters = '', command, end, plain] of text.matchAll(PIECE)) {
      const line = lines.at(-1)
      if (line === undefined) continue
      if (command === 'm') classes = looks(classes, parameters)
      else if (command === 'K') line.spans = []
      else if (end === '\n') lines.push({ at, spans: [] })
      else if (plain !== undefined) {
        line.at = at
        line.spans.push({ text: plain, classes: [...classes].join(' ') })
      }
    }
  }
  return lines
}

function looks(before: ReadonlySet<string>, parameters: string): Set<string> {
  const after = new Set(before)
  for (const code of parameters.split(';').map(Number)) {
    const name = CLASSES[code]
    if (name !== undefined) after.add(name)
    else if (code === 0) after.clear()
    else if (code === 22) ['bold', 'dim'].forEach((look) => after.delete(look))
    else if (code === 39) {
      ;['red', 'green', 'yellow', 'blue', 'magenta', 'cyan'].forEach((look) => after.delete(look))
    }
  }
  return after
}
