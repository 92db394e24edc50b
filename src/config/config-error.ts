/**
 * The configuration can't be used. Each problem is one line for the user: where the value stands,
 * what it is and what is allowed. None holds the value of a secret option.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** All that is wrong, a line each; at least one. */
  readonly problems: readonly string[]
  /** Warnings about the same configuration, a line each. */
  readonly warnings: readonly string[]

  /**
   * @param problems may quote what was given: characters that would break a line are escaped
   */
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
