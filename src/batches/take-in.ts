import { parseJson } from '../api/parse-json.ts'
import { ApiError } from '../errors.ts'
import { jsonText } from '../json-pieces.ts'
import { inSteps, pacer } from '../steps.ts'
import type { NewRequest } from './batch.ts'
import { endpointAt, MESSAGES_PATH, type ModelOf } from './endpoints.ts'

/** Requests of a batch: the API's own limit. */
export const MAX_REQUESTS = 100_000

/** An entry of a batch, parsed. */
type Entry = { customId: string; params: object }

/** A dialect's form of the entries of a batch. */
export type EntryForm = {
  endpoint: string
  /** The name of an entry in errors, by its index from 0. */
  placeOf: (index: number) => string
  /** @throws ApiError if an entry does not have this form */
  read: (entry: Partial<Record<string, unknown>>) => Entry
}

/** Entries of a batch of the Messages API. */
export const MESSAGES_FORM: EntryForm = {
  endpoint: MESSAGES_PATH,
  placeOf: (index) => `requests.${index}`,
  read({ custom_id: customId, params }) {
    if (typeof customId !== 'string') throw wrong('custom_id', 'a valid string', customId)
    // The API's own rule.
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(customId)) {
      throw invalid("custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'")
    }
    if (!isObject(params)) throw wrong('params', 'an object', params)
    return { customId, params }
  },
}

/** Lines of the file of one of OpenAI's batches. */
export function openaiForm(endpoint: string): EntryForm {
  return {
    endpoint,
    placeOf: (index) => `request ${index + 1} of the file`,
    read({ custom_id: customId, method, url, body }) {
      if (typeof customId !== 'string' || customId === '') {
        throw wrong('custom_id', 'a valid string', customId)
      }
      if (customId.length > 512) throw invalid('custom_id: at most 512 characters')
      // PostgreSQL has no text with one.
      if (customId.includes('\0')) throw invalid('custom_id: no NUL character')
      if (method !== undefined && method !== 'POST') throw invalid('method: must be POST')
      if (url !== endpoint) throw invalid(`url: must be the endpoint of the batch, ${endpoint}`)
      if (!isObject(body)) throw wrong('body', 'an object', body)
      return { customId, params: body }
    },
  }
}

/**
 * The requests of a batch. Each is checked on its own: an invalid request becomes a failed result
 * and does not affect the others. There may be 100,000 of them, so others are let on in between.
 *
 * @param entries the text of each
 * @param pause lets other work run, if this has run for long enough
 * @throws ApiError 400 for the whole batch, if an entry does not have the form or repeats an id
 */
export async function* requestsOf(
  entries: AsyncIterable<string>,
  { endpoint, placeOf, read }: EntryForm,
  modelOf: ModelOf,
  pause: () => Promise<void> = pacer(),
): AsyncIterableIterator<NewRequest> {
  const translate = endpointAt(endpoint)
  const ids = new Set<string>()
  for await (const entry of entries) {
    if (ids.size === MAX_REQUESTS) {
      throw invalid(`requests: List should have at most ${MAX_REQUESTS} items`)
    }
    const place = placeOf(ids.size)
    const { customId, params } = await placed(place, async () => read(await objectIn(entry)))
    if (ids.has(customId)) {
      throw invalid(
        `${place}.custom_id: ${JSON.stringify(customId)} is used twice: each must be unique in its batch`,
      )
    }
    ids.add(customId)
    const problem = await problemOf(() => inSteps(translate(params, modelOf)))
    yield {
      customId,
      params: await inSteps(jsonText(params)),
      ...(problem && { problem: { type: 'errored', error: problem } }),
    }
    await pause()
  }
  if (ids.size === 0) throw invalid('The batch has no request.')
}

async function objectIn(text: string): Promise<Partial<Record<string, unknown>>> {
  const value = await parseJson(text)
  if (!isObject(value)) throw invalid('Input should be an object')
  return value
}

/** Adds the position to an error. */
async function placed<T>(place: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const dot = /^(?:custom_id|params|body|url|method):/.test(error.message) ? '.' : ': '
    throw new ApiError(error.type, `${place}${dot}${error.message}`, { cause: error })
  }
}

async function problemOf(check: () => Promise<unknown>): Promise<object | undefined> {
  try {
    await check()
    return undefined
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return error.body()
  }
}

function isObject(value: unknown): value is Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(field: string, kind: string, value: unknown): ApiError {
  return invalid(`${field}: ${value === undefined ? 'Field required' : `Input should be ${kind}`}`)
}

function invalid(message: string): ApiError {
  return new ApiError('invalid_request_error', message)
}
