/**
 * The configuration can't be used. The message is one line for the user: where the value stands,
 * what it is and what is allowed. It never holds the value of a secret option.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}
