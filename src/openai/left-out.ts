/** The response header that names the parts of a request that were not sent to the model's API. */
export const LEFT_OUT_HEADER = 'claude-sub-proxy-left-out'

/** Maximum characters of the header. */
const LONGEST = 1000

/** Characters that a header may not contain, and the comma, which separates the names. */
const NOT_IN_A_NAME = /[^\x20-\x2B\x2D-\x7E]+/g

/**
 * The header for a reply if parts of the request were left out, such as `temperature, tools[3]:
 * file_search`. There is none if nothing was left out.
 *
 * @param names of fields, in the client's spelling. After a colon there may be the type of an item
 * or a tool. Equal names appear once. They must not contain text of a conversation.
 */
export function leftOutHeaders(names: readonly string[]): Record<string, string> {
  const listed = [...new Set(names)].map((name) => name.replace(NOT_IN_A_NAME, '?'))
  if (listed.length === 0) return {}
  const value = listed.join(', ')
  return {
    [LEFT_OUT_HEADER]: value.length > LONGEST ? `${value.slice(0, LONGEST)}...` : value,
  }
}
