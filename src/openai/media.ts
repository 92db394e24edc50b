import type { ContentBlock } from '../api/types.ts'
import { invalid } from './invalid.ts'
import { mediaTypeOf } from './media-type.ts'

/**
 * The block for an image, from its URL.
 *
 * @param url `data:` with base64, or `http(s):`
 * @throws ApiError for any other address
 */
export function imageBlock(url: string, param: string): ContentBlock {
  if (isWebAddress(url)) return { type: 'image', source: { type: 'url', url } }
  const { mediaType, data } = readDataUrl(url, param)
  return { type: 'image', source: { type: 'base64', media_type: mediaType, data } }
}

export type FileInput = {
  file_data?: string | null
  file_id?: string | null
  file_url?: string | null
  filename?: string | null
}

/**
 * The block for a file: the bytes of a PDF, the content of a text, the id of an uploaded file.
 *
 * @throws ApiError for other kinds of files
 */
export function documentBlock(file: FileInput, param: string): ContentBlock {
  const title = file.filename ? { title: file.filename } : {}
  if (file.file_url) {
    return { type: 'document', source: { type: 'url', url: file.file_url }, ...title }
  }
  if (!file.file_data && file.file_id) {
    return { type: 'document', source: { type: 'file', file_id: file.file_id }, ...title }
  }
  if (!file.file_data) throw invalid(`${param}: send file_data, file_id or file_url.`, param)
  return { type: 'document', source: documentSource(file.file_data, param), ...title }
}

function documentSource(address: string, param: string): object {
  const { mediaType, data } = readDataUrl(address, param)
  if (mediaType === 'application/pdf') return { type: 'base64', media_type: mediaType, data }
  if (mediaType.startsWith('text/')) {
    const text = Buffer.from(data, 'base64').toString('utf8')
    return { type: 'text', media_type: 'text/plain', data: text }
  }
  throw invalid(`${param}: the API accepts PDF and text files, not ${mediaType}.`, param)
}

function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url)
}

const DATA_URL = /^data:([^;,]+)(?:;[^;,]*)*;base64,/i

function readDataUrl(url: string, param: string): { mediaType: string; data: string } {
  const head = DATA_URL.exec(url)
  if (!head?.[1]) {
    throw invalid(`${param}: a URL of the form data:<type>;base64,… was expected.`, param)
  }
  const data = url.slice(head[0].length)
  return { mediaType: mediaTypeOf(head[1], data), data }
}
