/** The first bytes, in hexadecimal, of the kinds of files that the API accepts. */
const SIGNATURES: [string, RegExp][] = [
  ['image/png', /^89504e470d0a1a0a/],
  ['image/jpeg', /^ffd8ff/],
  // GIF87a and GIF89a
  ['image/gif', /^47494638(?:37|39)61/],
  // RIFF, four bytes of its length, WEBP
  ['image/webp', /^52494646.{8}57454250/],
  // %PDF-
  ['application/pdf', /^255044462d/],
]

/** Characters of base64 that contain the longest signature. */
const HEAD = 16

/** Clients' names of media types that the API does not know. */
const ALIASES = new Map([['image/jpg', 'image/jpeg']])

/**
 * The media type of a file, from its first bytes: clients label a JPEG as PNG, and the API refuses
 * a wrong label.
 *
 * @param label the client's name for it
 * @param data base64
 */
export function mediaTypeOf(label: string, data: string): string {
  const head = Buffer.from(data.slice(0, HEAD), 'base64').toString('hex')
  const named = label.toLowerCase()
  return (
    SIGNATURES.find(([, signature]) => signature.test(head))?.[0] ?? ALIASES.get(named) ?? named
  )
}
