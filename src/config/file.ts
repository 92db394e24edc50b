/** One `key = value` of a file. */
export type FileEntry = {
  readonly key: string
  /** The value without quotes and comment; '' if there is none. */
  readonly value: string
  /** Counted from 1. */
  readonly line: number
}

export type ConfigText = {
  readonly entries: readonly FileEntry[]
  /** One for each malformed line. The line is not quoted, because it may contain a secret. */
  readonly problems: readonly string[]
}

/**
 * Reads the lines of a configuration file: `key = value`, blank lines, and comments, which begin
 * with `#` at the start of a line or after white space. A value in double quotes may contain `#`,
 * white space at its ends, and the escapes \n \t \" \\.
 *
 * @param name of the file, for the problems
 */
export function parseConfigText(text: string, name: string): ConfigText {
  const entries: FileEntry[] = []
  const problems: string[] = []
  for (const [index, content] of linesOf(text).entries()) {
    const line = index + 1
    if (/^\s*(?:#|$)/.test(content)) continue
    const [, key, rest] = /^\s*([^\s=#"]+)\s*=(.*)$/s.exec(content) ?? []
    if (key === undefined || rest === undefined) {
      problems.push(`${name}:${line}: this line does not have the form: key = value`)
      continue
    }
    const value = rest.trimStart().startsWith('"') ? quoted(rest.trim()) : plain(rest)
    if (value === undefined) {
      problems.push(
        `${name}:${line}: ${key}: a value that starts with " must end with ", and may contain only the escapes \\n \\t \\" \\\\`,
      )
      continue
    }
    entries.push({ key, value, line })
  }
  return { entries, problems }
}

const ESCAPES = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['"', '"'],
  ['\\', '\\'],
])

function quoted(text: string): string | undefined {
  const content = /^"((?:[^"\\]|\\[nt"\\])*)"(?:\s*|\s+#.*)$/s.exec(text)?.[1]
  return content?.replace(/\\(.)/g, (_, letter: string) => ESCAPES.get(letter) ?? letter)
}

function plain(text: string): string {
  return text.replace(/\s#.*$/s, '').trim()
}

/** The lines of a text file with any line ends, without a byte order mark. */
export function linesOf(text: string): string[] {
  return text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
}
