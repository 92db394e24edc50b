import { Readable } from 'node:stream'

import busboy from 'busboy'

import { Deferred } from '../deferred.ts'
import { ApiError } from '../errors.ts'
import { bodyChunks } from './body.ts'

/** Fields other than the file are short. */
const LIMITS = { files: 1, fields: 20, fieldSize: 10_000, parts: 30 }

/**
 * Reads a form (RFC 7578) whose field `file` is a file, and stores the file while it comes.
 *
 * @param keep stores the file; its result is returned, with the fields that came later
 * @throws ApiError 400 if it is no such form, and the errors of `keep`
 */
export async function readUpload<Result>(
  request: Request,
  keep: (filename: string, content: AsyncIterable<Uint8Array>) => Promise<Result>,
): Promise<{ result: Result; fields: ReadonlyMap<string, string> }> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^multipart\/form-data/i.test(type) || request.body === null) {
    throw invalid('A form (multipart/form-data) with a field `file` was expected.')
  }
  const fields = new Map<string, string>()
  const kept = new Deferred<Result>()
  kept.promise.catch(() => {})
  let hasFile = false
  const form = parserFor(type)
  form.on('field', (name, value) => fields.set(name, value))
  form.on('file', (name, content, { filename }) => {
    if (name !== 'file' || hasFile) {
      content.resume()
      return
    }
    hasFile = true
    // If it can't be stored, nothing reads it any more. Without a listener, its error would end this
    // process.
    content.on('error', () => {})
    keep(plainName(filename), content).then(kept.resolve, (error: unknown) => {
      kept.reject(error)
      // Stop reading when the rest is not needed.
      form.destroy()
    })
  })
  const source = Readable.from(bodyChunks(request))
  const read = new Promise<void>((resolve, reject) => {
    form.on('close', resolve)
    form.on('error', reject)
    // A client that leaves ends the file too, so that nothing of it is kept.
    source.on('error', (error) => {
      reject(error)
      form.destroy(error)
    })
    source.pipe(form)
  })
  try {
    await Promise.race([read, kept.promise.then(() => read)])
  } catch (cause) {
    if (cause instanceof ApiError) throw cause
    if (request.signal.aborted) {
      throw new ApiError('api_error', 'The client left.', { status: 499, cause })
    }
    throw invalid('The form can not be read.', cause)
  } finally {
    source.destroy()
  }
  if (!hasFile) throw invalid('file: Field required')
  return { result: await kept.promise, fields }
}

function parserFor(type: string): busboy.Busboy {
  try {
    return busboy({ headers: { 'content-type': type }, limits: LIMITS, defParamCharset: 'utf8' })
  } catch (cause) {
    throw invalid('The form can not be read.', cause)
  }
}

/** The file's name, without folders and control characters. */
function plainName(filename: string | undefined): string {
  const name =
    (filename ?? '')
      .split(/[/\\]/)
      .at(-1)
      ?.replaceAll(/\p{Cc}/gu, '') ?? ''
  return name === '' ? 'file' : name.slice(0, 255)
}

function invalid(message: string, cause?: unknown): ApiError {
  return new ApiError('invalid_request_error', message, { cause })
}
