/** The contents of the fenced blocks of a language, without their indentation. */
export function codeBlocks(text: string, language: string): string[] {
  return fences(text)
    .filter((fence) => fence.language === language)
    .map((fence) => fence.content)
}

/** The texts between single backticks, outside of fenced blocks. */
export function codeSpans(text: string): string[] {
  return [...withoutFences(text).matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span)
}

/** The cells of the tables, row by row, without the lines of dashes. */
export function tables(text: string): string[][][] {
  return [...withoutFences(text).matchAll(/(?:^\|.*\|\n)+/gm)].map(([table]) => {
    const rows = table.trimEnd().split('\n')
    return rows
      .filter((row) => !/^[|\s:-]+$/.test(row))
      .map((row) =>
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      )
  })
}

/** The targets of the links in a text, outside of fenced blocks. */
export function linkTargets(text: string): string[] {
  return [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
}

/** The anchors that GitHub gives to the headings of a text, with the `#`. */
export function headingAnchors(text: string): string[] {
  return [...withoutFences(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => {
    const words = heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '')
    return `#${words.replaceAll(' ', '-')}`
  })
}

/**
 * The lines between two lines.
 *
 * @throws Error if they are missing, repeated or in another order
 */
export function linesBetween(text: string, first: string, last: string): string {
  const [before, between, ...more] = text.split(`${first}\n`)
  const [lines, after, ...others] = between?.split(`${last}\n`) ?? []
  if (before === undefined || lines === undefined || after === undefined) {
    throw new Error(`There is no ${JSON.stringify(first)} with a ${JSON.stringify(last)} after it`)
  }
  if (more.length + others.length > 0) throw new Error(`There are several ${first} … ${last}`)
  return lines
}

const FENCE = /^( *)```(\w*)\n([^]*?)^\1```$/gm

/** The fenced blocks. */
export function fences(text: string): { language: string; content: string }[] {
  return [...text.matchAll(FENCE)].map(([, indent = '', language = '', content = '']) => ({
    language,
    content: content.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }))
}

/** The text without its fenced blocks. */
export function withoutFences(text: string): string {
  return text.replaceAll(FENCE, '')
}
