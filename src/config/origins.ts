import { ORIGIN_PRESETS, SUGGESTED_PRESETS } from './origin-presets.ts'
import type { ValueType } from './value-type.ts'

const PRESET_NAMES = Object.keys(ORIGIN_PRESETS).join(', ')

/**
 * Web origins that may call, separated by commas, in the spelling of the `Origin` header. `*`
 * stands for the subdomains of a host, for its port, or for the whole host of an app scheme. Names
 * of `ORIGIN_PRESETS` are allowed too. `*` alone allows all origins.
 */
export const origins: ValueType<readonly string[]> = {
  placeholder: 'origins',
  allowed: `origins separated by commas, such as https://app.example:8080 or https://*.app.example (scheme, host and port, no path), names of apps (${PRESET_NAMES}), or * alone`,
  allowedValue: `a list of origins such as https://app.example:8080 or https://*.app.example (in lower case, no path), of names of apps (${PRESET_NAMES}), or of * alone`,
  parse(text) {
    const given = text.split(',').map((part) => part.trim())
    const read = given.map((part) => (part === '*' ? part : entryOf(part)))
    return read.every((part) => part !== undefined) && isOriginList(read) ? read : undefined
  },
  accepts: (value) => Array.isArray(value) && isOriginList(value),
}

function isOriginList(list: readonly unknown[]): boolean {
  if (list.includes('*')) return list.length === 1
  return list.every((part) => typeof part === 'string' && entryOf(part) === part)
}

/** An entry in its normal spelling; undefined if it is not valid. */
function entryOf(text: string): string | undefined {
  if (Object.hasOwn(ORIGIN_PRESETS, text)) return text
  return text.includes('*') ? patternOf(text) : originOf(text)
}

/** The origin in its normal spelling; undefined if it is not an origin. */
function originOf(text: string): string | undefined {
  if (!URL.canParse(text) || /[\s?#@*]/.test(text)) return undefined
  const url = new URL(text)
  if (url.host === '' || !['', '/'].includes(url.pathname)) return undefined
  return `${url.protocol}//${url.host}`
}

/**
 * A pattern for web sites needs a host with at least two labels; otherwise it would allow most of
 * the web.
 */
const PATTERN =
  /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<host>\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?<port>:(?:\d{1,5}|\*))?\/?$/i

function patternOf(text: string): string | undefined {
  const { scheme = '', host = '', port = '' } = PATTERN.exec(text)?.groups ?? {}
  if (host === '') return undefined
  const isWeb = /^(?:https?|wss?|ftp|file)$/i.test(scheme)
  if (isWeb && (host === '*' || /^\*\.[^.]+$/.test(host))) return undefined
  return `${scheme}://${host}${port}`.toLowerCase()
}

/** Whether pages of an origin may call. */
export function isAllowedOrigin(origin: string, allowed: readonly string[]): boolean {
  return allowed.some((entry) => {
    const patterns = Object.hasOwn(ORIGIN_PRESETS, entry) ? ORIGIN_PRESETS[entry] : [entry]
    return patterns?.some((pattern) => matches(origin, pattern))
  })
}

function matches(origin: string, pattern: string): boolean {
  if (pattern === '*' || pattern === origin) return true
  if (!pattern.includes('*')) return false
  const expression = pattern
    .replaceAll(/[.+]/g, String.raw`\$&`)
    .replace(/^(.*:\/\/)\*/, `$1${NAMES}`)
    .replace(/:\*$/, String.raw`(?::\d+)?`)
  return new RegExp(`^${expression}$`).test(origin)
}

/** The form of a host: labels separated by dots. */
const NAMES = '[a-z0-9_-]+(?:\\.[a-z0-9_-]+)*'

/**
 * The value of `cors_origins` that allows one more origin.
 *
 * @returns undefined if there is no such value: many pages have the origin `null`
 */
export function originsWith(origin: string, allowed: readonly string[]): string | undefined {
  if (originOf(origin) !== origin) return undefined
  const preset = SUGGESTED_PRESETS.find((name) => isAllowedOrigin(origin, [name]))
  return [...allowed, preset ?? origin].join(', ')
}
