import { ConfigError } from './config-error.ts'

/** One `key = value` of a file. */
export type FileEntry = {
  readonly key: string
  /** Without quotes and comment; '' where there is none. */
  readonly value: string
  /** Counted from 1. */
  readonly line: number
}

/**
 * Reads the lines of a configuration file: `key = value`, blank lines, and comments, which start
 * with `#` at the start of a line or after white space. A value in double quotes may hold `#`,
 * white space at its ends, and the escapes \n \t \" \\.
 *
 * @param name of the file, for errors
 * @throws ConfigError for a line of another form; what the line holds is not shown, as it may be a
 *   secret
 */
export function parseConfigText(text: string, name: string): FileEntry[] {
  return withoutByteOrderMark(text)
    .split(/\r\n|\n|\r/)
    .flatMap((content, index) => {
      const line = index + 1
      if (/^\s*(?:#|$)/.test(content)) return []
      const [, key, rest] = /^\s*([^\s=#"]+)\s*=(.*)$/s.exec(content) ?? []
      if (key === undefined || rest === undefined) {
        throw new ConfigError(`${name}:${line}: this line is not of the form: key = value`)
      }
      const value = rest.trimStart().startsWith('"') ? quoted(rest.trim()) : plain(rest)
      if (value === undefined) {
        throw new ConfigError(
          `${name}:${line}: ${key}: a value that starts with " must end with ", and knows the escapes \\n \\t \\" \\\\ only`,
        )
      }
      return [{ key, value, line }]
    })
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

function withoutByteOrderMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}
