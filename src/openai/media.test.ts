import { expect, test } from 'vitest'

import { documentBlock, imageBlock } from './media.ts'

test.each([
  [
    'https://a.example/b.png',
    { type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } },
  ],
  [
    'data:image/PNG;name=a.png;base64,AAAA',
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
  ],
])('the image at %s becomes a block', (url, block) => {
  expect(imageBlock(url, 'here')).toEqual(block)
})

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0]
const JPEG = [0xff, 0xd8, 0xff, 0xe0, 0, 0]
const ascii = (text: string): number[] => [...Buffer.from(text)]

test.each([
  ['image/png', JPEG, 'image/jpeg'],
  ['image/jpg', JPEG, 'image/jpeg'],
  ['image/jpg', [1, 2, 3], 'image/jpeg'],
  ['image/jpeg', PNG, 'image/png'],
  ['application/octet-stream', ascii('GIF89a'), 'image/gif'],
  ['image/png', [...ascii('RIFF'), 1, 2, 3, 4, ...ascii('WEBP')], 'image/webp'],
  ['image/png', [...ascii('RIFF'), 1, 2, 3, 4, ...ascii('WAVE')], 'image/png'],
])('an image declared as %s gets the type of its bytes %j: %s', (label, bytes, mediaType) => {
  const data = Buffer.from(bytes).toString('base64')
  expect(imageBlock(`data:${label};base64,${data}`, 'here')).toEqual({
    type: 'image',
    source: { type: 'base64', media_type: mediaType, data },
  })
})

test.each(['', 'a.png', 'file:///etc/passwd', 'data:image/png,AAAA'])(
  'an image at %j is refused, with its field',
  (url) => {
    expect(() => imageBlock(url, 'here')).toThrow(/^here: /)
  },
)

test('a PDF becomes a document, by its content or its address', () => {
  expect(
    documentBlock({ filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERg==' }, 'here'),
  ).toEqual({
    type: 'document',
    source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' },
    title: 'a.pdf',
  })
  expect(documentBlock({ file_url: 'https://a.example/b.pdf' }, 'here')).toEqual({
    type: 'document',
    source: { type: 'url', url: 'https://a.example/b.pdf' },
  })
})

test('a text file becomes its text, in any script', () => {
  const data = Buffer.from('Καλημέρα').toString('base64')
  expect(documentBlock({ file_data: `data:text/markdown;base64,${data}` }, 'here')).toEqual({
    type: 'document',
    source: { type: 'text', media_type: 'text/plain', data: 'Καλημέρα' },
  })
})

test('an uploaded file is referred to by its id', () => {
  expect(documentBlock({ file_id: 'file_1', filename: 'a.pdf' }, 'here')).toEqual({
    type: 'document',
    source: { type: 'file', file_id: 'file_1' },
    title: 'a.pdf',
  })
})

test.each([
  {},
  { filename: 'report.pdf' },
  { file_data: 'JVBERg==' },
  { file_data: 'data:a/b;base64,A' },
])('%j is refused, with its field', (file) => {
  expect(() => documentBlock(file, 'here')).toThrow(/^here: /)
})
