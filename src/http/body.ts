import { ApiError } from '../errors.ts'
import { ClientLeft } from '../refusals.ts'

/**
 * Reads a request's body as text.
 *
 * @param limit bytes
 * @param onLength called with the bytes so far, before they are kept; what it throws ends the reading
 * @throws ApiError 413 where it is longer than the limit, 400 where it is no UTF-8, 499 where the
 * client left in the middle of it
 */
export async function readBody(
  request: Request,
  limit: number,
  onLength: (length: number) => void = () => {},
): Promise<string> {
  const announced = Number(request.headers.get('content-length'))
  if (announced > limit) throw tooLarge(limit)
  onLength(announced)
  const bytes = await readBytes(request, limit, (length) => onLength(Math.max(announced, length)))
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ApiError('invalid_request_error', 'The request body is not UTF-8.', { cause })
  }
}

const FIRST_BYTES = 64 * 1024

/**
 * The bytes are put together as they come: kept apart, a body that trickles in pieces of a byte
 * would take a hundred times its size.
 */
async function readBytes(
  request: Request,
  limit: number,
  onLength: (length: number) => void,
): Promise<Uint8Array> {
  let bytes = new Uint8Array(FIRST_BYTES)
  let length = 0
  try {
    for await (const chunk of request.body ?? []) {
      const end = length + chunk.byteLength
      if (end > limit) throw tooLarge(limit)
      onLength(end)
      if (end > bytes.length) {
        const grown = new Uint8Array(Math.max(end, 2 * bytes.length))
        grown.set(bytes.subarray(0, length))
        bytes = grown
      }
      bytes.set(chunk, length)
      length = end
    }
  } catch (cause) {
    if (!request.signal.aborted) throw cause
    throw new ClientLeft(cause)
  }
  return bytes.subarray(0, length)
}

function tooLarge(limit: number): ApiError {
  return new ApiError(
    'request_too_large',
    `Request exceeds the maximum size: ${limit} bytes (max_body_size).`,
  )
}
