/** The response header that names the parts of a request which the model's API was not asked. */
export const LEFT_OUT_HEADER = 'claude-sub-proxy-left-out'

/** Characters that the header has room for. */
const LONGEST = 1000

/** Anything that a header may not hold, and the comma, which stands between the names. */
const NOT_IN_A_NAME = /[^\x20-\x2B\x2D-\x7E]+/g

/**
 * The header for a reply to a request of which parts were left out, such as
 * `temperature, tools[3]: file_search`. None if the request was asked whole.
 *
 * @param names of fields, as the client knows them. After a colon there may be the type of an item or
 * a tool. Equal names are told once. No text of a conversation belongs in them.
 */
export function leftOutHeaders(names: readonly string[]): Record<string, string> {
  const told = [...new Set(names)].map((name) => name.replace(NOT_IN_A_NAME, '?'))
  if (told.length === 0) return {}
  const value = told.join(', ')
  return {
    [LEFT_OUT_HEADER]: value.length > LONGEST ? `${value.slice(0, LONGEST)}...` : value,
  }
}
