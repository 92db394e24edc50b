import type { ValueType } from './value-type.ts'

/**
 * Web origins that are allowed to call, separated by commas, as a browser spells them in the
 * `Origin` header; or `*` alone for any. A browser extension's origin is one as well.
 */
export const origins: ValueType<readonly string[]> = {
  placeholder: 'origins',
  allowed:
    'origins separated by commas, such as https://app.example:8080 (scheme, host and port, no path), or * alone',
  allowedValue:
    'a list of origins such as https://app.example:8080 (in lower case, no path), or of * alone',
  parse(text) {
    const given = text.split(',').map((part) => part.trim())
    const read = given.map((part) => (part === '*' ? part : originOf(part)))
    return read.every((part) => part !== undefined) && isOriginList(read) ? read : undefined
  },
  accepts: (value) => Array.isArray(value) && isOriginList(value),
}

function isOriginList(list: readonly unknown[]): boolean {
  if (list.includes('*')) return list.length === 1
  return list.every((part) => typeof part === 'string' && originOf(part) === part)
}

/** The origin in its normal spelling; undefined if it is no origin. */
function originOf(text: string): string | undefined {
  if (!URL.canParse(text) || /[\s?#@*]/.test(text)) return undefined
  const url = new URL(text)
  if (url.host === '' || !['', '/'].includes(url.pathname)) return undefined
  return `${url.protocol}//${url.host}`
}
