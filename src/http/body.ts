import { ApiError } from '../errors.ts'

/**
 * Reads a request's body as text.
 *
 * @param limit bytes
 * @throws ApiError 413 where it is longer than the limit, 400 where it is no UTF-8
 */
export async function readBody(request: Request, limit: number): Promise<string> {
  if (Number(request.headers.get('content-length')) > limit) throw tooLarge(limit)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength
    if (length > limit) throw tooLarge(limit)
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch (cause) {
    throw new ApiError('invalid_request_error', 'The request body is not UTF-8.', { cause })
  }
}

function tooLarge(limit: number): ApiError {
  return new ApiError(
    'request_too_large',
    `Request exceeds the maximum size: ${limit} bytes (max_body_size).`,
  )
}
