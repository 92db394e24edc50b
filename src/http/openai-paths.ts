/** What OpenAI has and the model's API has not, and what to say of it. */
const NOT_IN_THE_API = new Map([
  ['embeddings', 'embeddings'],
  ['audio', 'audio'],
  ['images', 'generation of images'],
  ['moderations', 'moderation'],
])

const SERVED = new Set(['chat', 'completions', 'conversations', 'responses'])

/** Whether a path is one of OpenAI's, so that its errors have OpenAI's form. */
export function isOpenaiPath(path: string): boolean {
  const name = firstName(path)
  return name !== undefined && (SERVED.has(name) || NOT_IN_THE_API.has(name))
}

/**
 * What to say where there is no such route.
 *
 * @param routes all that there are, for paths under `/v1/`
 */
export function notFoundMessage(method: string, path: string, routes: readonly string[]): string {
  const name = firstName(path)
  const missing = NOT_IN_THE_API.get(name ?? '')
  if (missing !== undefined) return `The model's API has no ${missing}.`
  const message = `There is no ${method} ${path} here.`
  return name === undefined ? message : `${message} There is ${routes.join(', ')}.`
}

/** The name that follows `/v1/`. */
function firstName(path: string): string | undefined {
  return /^\/v1\/([^/]+)/.exec(path)?.[1]
}
