/** `max_body_size` as `maxBodySize`. */
export type CamelCase<Key extends string> = Key extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Key

/** The property of `Config` for a key: `maxBodySize` for `max_body_size`. */
export function propertyOf<Key extends string>(key: Key): CamelCase<Key> {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) as CamelCase<Key>
}

/** The key for a property of `Config`: `max_body_size` for `maxBodySize`. */
export function keyOf(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** The prefix of all environment variables of this program. */
export const ENVIRONMENT_PREFIX = 'CSP_'

/** The environment variable for a key: `CSP_MAX_BODY_SIZE` for `max_body_size`. */
export function variableOf(key: string): string {
  return ENVIRONMENT_PREFIX + key.toUpperCase()
}

/** The flag for a key, without dashes in front: `max-body-size` for `max_body_size`. */
export function flagOf(key: string): string {
  return key.replaceAll('_', '-')
}
