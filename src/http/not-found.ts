import { missingInTheApi } from './openai-paths.ts'

/** A route as the router has it. */
type Route = { method: string; path: string }

/**
 * The message of a 404 for an unknown route. It tells the client what to do.
 *
 * @param request the method and path of the request, and the server's origin as the client sees it
 * @param servedPath the path of the route that was looked up
 */
export function notFoundMessage(
  { method, path, origin }: { method: string; path: string; origin: string },
  servedPath: string,
  routes: readonly Route[],
): string {
  const missing = missingInTheApi(servedPath)
  if (missing !== undefined) return `The model's API has no ${missing}.`
  const others = routes.filter((route) => route.path === servedPath && route.method !== 'ALL')
  const methods = [...new Set(others.map((route) => route.method))]
  if (methods.length > 0) return `There is no ${method} ${path} here: send ${methods.join(' or ')}.`
  return (
    `There is no ${method} ${path} here: set the base URL of an Anthropic client to ${origin}, ` +
    `that of an OpenAI client to ${origin}/v1.`
  )
}
