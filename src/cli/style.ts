/** How a text stands out in a terminal. */
export type Look = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Gives a text a look; where there are no colours, the text as it is. */
export type Paint = (look: Look, text: string) => string

const CODES: Readonly<Record<Look, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  cyan: 36,
}

export const plain: Paint = (_look, text) => text

export const colored: Paint = (look, text) => `\u001B[${CODES[look]}m${text}\u001B[0m`

/**
 * The paint for a stream: colours in a terminal that has them and whose user did not refuse them
 * (https://no-color.org).
 */
export function paintFor(
  { isTTY }: { readonly isTTY?: boolean },
  { NO_COLOR: refused, TERM: terminal }: Readonly<Record<string, string | undefined>>,
): Paint {
  return isTTY === true && !refused && terminal !== 'dumb' ? colored : plain
}

/** Words in lines of a width; a word is never broken. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`
    } else lines.push(word)
  }
  return lines
}
