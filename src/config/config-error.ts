/**
 * The configuration can't be used. The message is one line for the user: where the value stands,
 * what it is and what is allowed. It never holds the value of a secret option.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'

  /** @param message may quote what was given: characters that would break the line are escaped. */
  constructor(message: string, options?: ErrorOptions) {
    super(message.replace(/\p{Cc}/gu, escaped), options)
  }
}

function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
