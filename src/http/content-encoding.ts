import { pipeline, Readable, type Transform } from 'node:stream'
import * as zlib from 'node:zlib'

import { ApiError } from '../errors.ts'

/** Bytes of a decompressed piece. */
const CHUNK_BYTES = 64 * 1024

/**
 * Node.js supports zstd since 22.15 and 23.8; the types here are those of the oldest supported
 * version.
 */
const { createZstdDecompress } = zlib as {
  createZstdDecompress?: (options: { chunkSize: number }) => Transform
}

const DECODERS: Readonly<Record<string, (options: { chunkSize: number }) => Transform>> = {
  gzip: zlib.createGunzip,
  'x-gzip': zlib.createGunzip,
  deflate: zlib.createInflate,
  br: zlib.createBrotliDecompress,
  ...(createZstdDecompress && { zstd: createZstdDecompress }),
}

/** The supported values of `content-encoding`. */
const READABLE = Object.keys(DECODERS).filter((name) => name !== 'x-gzip')

/**
 * Decompresses a body. The bytes come in small pieces, so that a reader that counts them can stop
 * in time.
 *
 * @throws ApiError 415 for an unsupported encoding, 400 if the bytes do not have the declared
 * encoding
 */
export function decompressed(
  bytes: AsyncIterable<Uint8Array>,
  encoding: string | null,
): AsyncIterable<Uint8Array> {
  const name = (encoding ?? '').trim().toLowerCase()
  if (name === '' || name === 'identity') return bytes
  const create = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined
  if (create === undefined) {
    throw new ApiError(
      'invalid_request_error',
      `The content-encoding ${JSON.stringify(name)} is not supported: send ${READABLE.join(', ')}, or none.`,
      { status: 415 },
    )
  }
  return decode(bytes, create({ chunkSize: CHUNK_BYTES }), name)
}

async function* decode(
  bytes: AsyncIterable<Uint8Array>,
  decoder: Transform,
  name: string,
): AsyncGenerator<Uint8Array> {
  // The reader of the output, below, gets the errors of both streams.
  pipeline(Readable.from(bytes), decoder, () => {})
  try {
    for await (const chunk of decoder) yield chunk as Uint8Array
  } catch (cause) {
    if (!isOfDecoder(cause)) throw cause
    throw new ApiError(
      'invalid_request_error',
      `The request body is not ${name}, although content-encoding says so.`,
      {
        cause,
      },
    )
  }
}

/** The codes of zlib (`Z_DATA_ERROR`), Brotli (`ERR__ERROR_FORMAT_…`) and zstd (`ZSTD_error_…`). */
function isOfDecoder(error: unknown): boolean {
  return /^(?:Z_|ERR__|ERR_BROTLI|ERR_ZSTD|ZSTD_)/.test(
    String((error as NodeJS.ErrnoException).code),
  )
}
