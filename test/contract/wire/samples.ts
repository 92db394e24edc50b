import { crc32, deflateSync } from 'node:zlib'

/** The smallest images that decoders accept, base64. */
export const PICTURES = {
  'image/png':
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'image/jpeg':
    '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=',
  'image/gif': 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7',
  'image/webp': 'UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA',
}

/** An image block with its data in the request. */
export function image(
  mediaType: keyof typeof PICTURES,
  data: string = PICTURES[mediaType],
): object {
  return { type: 'image', source: { type: 'base64', media_type: mediaType, data } }
}

/** A PNG, base64, of noise (which does not compress) or of one colour. */
export function png(width: number, height: number, kind: 'noise' | 'plain'): string {
  const rows = Buffer.alloc(height * (1 + width * 3))
  if (kind === 'noise') {
    let state = 1
    for (let index = 0; index < rows.length; index += 1) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      rows[index] = index % (1 + width * 3) === 0 ? 0 : state >>> 24
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const chunks = [chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND')]
  return Buffer.concat([signature, ...chunks]).toString('base64')
}

function chunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, checksum])
}

/** A PDF of one empty page, base64. */
export const PDF = Buffer.from(
  [
    '%PDF-1.4',
    '1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj',
    '2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj',
    '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>endobj',
    'trailer<</Root 1 0 R/Size 4>>',
    '%%EOF',
  ].join('\n'),
).toString('base64')

export const WEATHER_TOOL = {
  name: 'get_weather',
  description: 'Tells the weather of a place.',
  input_schema: {
    type: 'object',
    properties: { place: { type: 'string' }, unit: { enum: ['C', 'F'] } },
    required: ['place'],
  },
}

export const TIME_TOOL = {
  name: 'get_time',
  description: 'Tells the time at a place.',
  input_schema: { type: 'object', properties: { zone: { type: 'string' } } },
}

/** A call of a client's tool, as a block of a conversation. */
export function call(
  id: string,
  name = WEATHER_TOOL.name,
  input: object = { place: 'Ψαρά' },
): object {
  return { type: 'tool_use', id, name, input }
}

/** A body with one prompt and nothing else. */
export function asking(content: unknown): { model: string; messages: object[] } {
  return conversation(content)
}

/** A body with a conversation of these contents; the user's are the first, the third, …. */
export function conversation(...contents: unknown[]): { model: string; messages: object[] } {
  const messages = contents.map((content, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content,
  }))
  return { model: 'claude-sonnet-4-6', messages }
}
