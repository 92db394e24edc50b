/**
 * The configuration can't be used. Each problem is one line for the user: the place of the value,
 * the value and the allowed values. It never contains the value of a secret option.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** All problems, one line each; at least one. */
  readonly problems: readonly string[]
  /** Warnings about the same configuration, one line each. */
  readonly warnings: readonly string[]

  /** @param problems may quote values; characters that would break a line are escaped */
  constructor(
    problems: string | readonly string[],
    { warnings = [], ...options }: ErrorOptions & { warnings?: readonly string[] } = {},
  ) {
    const lines = [problems].flat().map(inOneLine)
    super(lines.join('\n'), options)
    this.problems = lines
    this.warnings = warnings.map(inOneLine)
  }
}

function inOneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, escaped)
}

function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
