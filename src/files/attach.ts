import type { ContentBlock, MessagesRequest } from '../api/types.ts'
import { ApiError } from '../errors.ts'

/** A file's content, in the form for a request. */
export type Attachment = { mimeType: string; filename: string; bytes: Buffer }

/**
 * Replaces ids of files by their content, because the model's API does not know these ids.
 *
 * @param find returns a file, or undefined for an id that may be the API's own; such an id stays
 * @returns the request itself if it names no file
 * @throws ApiError 400 for a file of the wrong type for its place, and the errors of `find`
 */
export async function attachFiles(
  request: MessagesRequest,
  find: (id: string) => Promise<Attachment | undefined>,
): Promise<MessagesRequest> {
  if (!namesFiles(request)) return request
  const messages = await Promise.all(
    request.messages.map(async (message) =>
      message.content === undefined || typeof message.content === 'string'
        ? message
        : { ...message, content: await attachAll(message.content, find) },
    ),
  )
  return { ...request, messages }
}

/** Whether a request contains the id of a file. */
export function namesFiles({ messages }: MessagesRequest): boolean {
  const names = (content: unknown): boolean =>
    Array.isArray(content) &&
    (content as ContentBlock[]).some(
      (block) => idIn(block) !== undefined || names(block['content']),
    )
  return messages.some(({ content }) => names(content))
}

async function attachAll(
  content: ContentBlock[],
  find: (id: string) => Promise<Attachment | undefined>,
): Promise<ContentBlock[]> {
  const blocks: ContentBlock[] = []
  for (const block of content) {
    const id = idIn(block)
    const file = id === undefined ? undefined : await find(id)
    if (file !== undefined) blocks.push(withFile(block, file))
    else if (Array.isArray(block['content'])) {
      blocks.push({ ...block, content: await attachAll(block['content'] as ContentBlock[], find) })
    } else blocks.push(block)
  }
  return blocks
}

/** The id of the file in a block. */
function idIn({ type, source, file_id: ownId }: ContentBlock): string | undefined {
  if (type === 'container_upload') return typeof ownId === 'string' ? ownId : undefined
  const { type: kind, file_id: id } = (source ?? {}) as { type?: unknown; file_id?: unknown }
  return kind === 'file' && typeof id === 'string' ? id : undefined
}

function withFile(block: ContentBlock, file: Attachment): ContentBlock {
  const { mimeType, filename, bytes } = file
  if (block.type === 'container_upload') {
    const type = mimeType.startsWith('image/') ? 'image' : 'document'
    const { file_id: _, ...others } = block
    return withFile({ ...others, type, ...(type === 'document' && { title: filename }) }, file)
  }
  if (block.type === 'image' ? mimeType.startsWith('image/') : mimeType === 'application/pdf') {
    const source = { type: 'base64', media_type: mimeType, data: bytes.toString('base64') }
    return { ...block, source }
  }
  if (block.type === 'document' && mimeType === 'text/plain') {
    const source = { type: 'text', media_type: 'text/plain', data: bytes.toString('utf8') }
    return { ...block, source }
  }
  // OpenAI's clients use one kind of part for all kinds of files.
  if (block.type === 'document' && mimeType.startsWith('image/')) {
    const { title: _, ...others } = block
    return withFile({ ...others, type: 'image' }, file)
  }
  throw new ApiError(
    'invalid_request_error',
    `The file ${JSON.stringify(filename)} is ${mimeType}, which can't be ${block.type === 'image' ? 'an image' : 'a document'}: the API takes PDF, text and images.`,
  )
}
