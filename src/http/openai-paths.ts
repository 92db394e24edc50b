/** OpenAI endpoints that do not exist here, with the words for the 404. */
const NOT_IN_THE_API = new Map([
  ['embeddings', 'embeddings'],
  ['audio', 'audio'],
  ['images', 'generation of images'],
  ['moderations', 'moderation'],
])

const SERVED = new Set(['batches', 'chat', 'completions', 'conversations', 'responses'])

/** Whether a path is one of OpenAI's, so that its errors have OpenAI's form. */
export function isOpenaiPath(path: string): boolean {
  const name = firstName(path)
  return name !== undefined && (SERVED.has(name) || NOT_IN_THE_API.has(name))
}

/** The message for an OpenAI endpoint that does not exist here. */
export function missingInTheApi(path: string): string | undefined {
  return NOT_IN_THE_API.get(firstName(path) ?? '')
}

/** The name that follows `/v1/`. */
function firstName(path: string): string | undefined {
  return /^\/v1\/([^/]+)/.exec(path)?.[1]
}
