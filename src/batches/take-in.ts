import { parseJson } from '../api/parse-json.ts'
import { ApiError } from '../errors.ts'
import { jsonText } from '../json-pieces.ts'
import { inSteps, pacer } from '../steps.ts'
import type { Fault, NewRequest } from './batch.ts'
import { endpointAt, MESSAGES_PATH, type ModelOf, type Translate } from './endpoints.ts'

/** Requests of a batch: the API's own limit. */
export const MAX_REQUESTS = 100_000

/** An entry of a batch as it arrived. */
export type RawEntry = {
  text: string
  /** Its index from 0, or the number of its line in the file. */
  number: number
}

/** An entry of a batch, parsed. */
type Entry = { customId: string; params: object }

/** A dialect's form of the entries of a batch. */
export type EntryForm = {
  endpoint: string
  /** @throws ApiError if an entry does not have this form */
  read: (entry: Partial<Record<string, unknown>>) => Entry
  twice: (customId: string) => ApiError
  /** Adds the position of an entry to its error. */
  placed: (error: ApiError, number: number) => ApiError
  /** After this many errors the rest is not read. */
  maxErrors: number
  /** The error for the whole batch. */
  refusal: (errors: readonly [ApiError, ...ApiError[]]) => ApiError
}

/** Entries of a batch of the Messages API. */
export const MESSAGES_FORM: EntryForm = {
  endpoint: MESSAGES_PATH,
  read({ custom_id: customId, params }) {
    if (typeof customId !== 'string') throw wrong('custom_id', 'a valid string', customId)
    // The API's own rule.
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(customId)) {
      throw invalid("custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'", 'custom_id')
    }
    if (!isObject(params)) throw wrong('params', 'an object', params)
    return { customId, params }
  },
  twice: (customId) => usedTwice(`custom_id: ${JSON.stringify(customId)}`),
  placed({ type, message }, number) {
    const dot = /^(?:custom_id|params):/.test(message) ? '.' : ': '
    return new ApiError(type, `requests.${number}${dot}${message}`)
  },
  maxErrors: 1,
  refusal: ([{ type, message }]) => new ApiError(type, message),
}

/** Lines of the file of one of OpenAI's batches. */
export function openaiForm(endpoint: string): EntryForm {
  return {
    endpoint,
    read({ custom_id: customId, method, url, body }) {
      if (typeof customId !== 'string' || customId === '') {
        throw wrong('custom_id', 'a valid string', customId)
      }
      if (customId.length > 512) throw invalid('custom_id: at most 512 characters', 'custom_id')
      // PostgreSQL has no text with one.
      if (customId.includes('\0')) throw invalid('custom_id: no NUL character', 'custom_id')
      if (method !== undefined && method !== 'POST') {
        throw invalid('method: must be POST', 'method', 'invalid_method')
      }
      if (url !== endpoint) {
        throw invalid(`url: must be the endpoint of the batch, ${endpoint}`, 'url', 'invalid_url')
      }
      if (!isObject(body)) throw wrong('body', 'an object', body)
      return { customId, params: body }
    },
    twice: (customId) => usedTwice(`custom_id: ${JSON.stringify(customId)}`),
    placed: ({ type, message, details }, number) =>
      new ApiError(type, message, { details: { ...details, line: number } }),
    maxErrors: MAX_FAULTS,
    refusal: (errors) => new FaultyFile(errors.map(faultOf)),
  }
}

/** Faults that are reported of one file. */
const MAX_FAULTS = 100

/** The error for the file of a batch that is not of the right form. */
export class FaultyFile extends ApiError {
  readonly faults: Fault[]

  constructor(faults: Fault[]) {
    super('invalid_request_error', faults[0]?.message ?? 'The file has faults.')
    this.faults = faults
  }
}

/** An error of a line in the form of a fault. */
export function faultOf({ message, details }: ApiError): Fault {
  const { code, param, line } = (details ?? {}) as Partial<Fault>
  return { code: code ?? 'invalid_json_line', message, param: param ?? null, line: line ?? null }
}

/**
 * The requests of a batch. Each is checked on its own: an invalid request becomes a failed result
 * and does not affect the others. There may be 100,000 of them, so other work runs in between.
 *
 * @param pause lets other work run once this has run for some milliseconds
 * @throws ApiError 400 for the whole batch, if an entry does not have the form or repeats an id
 */
export async function* requestsOf(
  entries: AsyncIterable<RawEntry>,
  form: EntryForm,
  modelOf: ModelOf,
  pause: () => Promise<void> = pacer(),
): AsyncIterableIterator<NewRequest> {
  const translate = endpointAt(form.endpoint)
  const ids = new Set<string>()
  const errors: ApiError[] = []
  let count = 0
  for await (const { text, number } of entries) {
    count += 1
    if (count > MAX_REQUESTS) throw form.refusal([tooMany()])
    try {
      const { customId, params } = form.read(await objectIn(text))
      if (ids.has(customId)) throw form.twice(customId)
      ids.add(customId)
      // No request of a batch with errors will be asked.
      if (errors.length === 0) yield await checked(customId, params, translate, modelOf)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      errors.push(form.placed(error, number))
      if (errors.length === form.maxErrors) break
    }
    await pause()
  }
  const [first = count === 0 ? empty() : undefined, ...others] = errors
  if (first !== undefined) throw form.refusal([first, ...others])
}

async function checked(
  customId: string,
  params: object,
  translate: Translate,
  modelOf: ModelOf,
): Promise<NewRequest> {
  const json = await inSteps(jsonText(params))
  try {
    const { request } = await inSteps(translate(params, modelOf))
    return { customId, params: json, model: modelOf(request.model) }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { customId, params: json, problem: { type: 'errored', error: error.body() } }
  }
}

async function objectIn(text: string): Promise<Partial<Record<string, unknown>>> {
  const value = await parseJson(text)
  if (!isObject(value)) throw invalid('Input should be an object', null, 'invalid_json_line')
  return value
}

function isObject(value: unknown): value is Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(field: string, kind: string, value: unknown): ApiError {
  return value === undefined
    ? invalid(`${field}: Field required`, field, 'missing_required_parameter')
    : invalid(`${field}: Input should be ${kind}`, field)
}

function usedTwice(name: string): ApiError {
  return invalid(
    `${name} is used twice: each must be unique in its batch`,
    'custom_id',
    'duplicate_custom_id',
  )
}

function empty(): ApiError {
  return invalid('The batch has no request.', null, 'empty_file')
}

function tooMany(): ApiError {
  return invalid(
    `requests: List should have at most ${MAX_REQUESTS} items`,
    null,
    'too_many_requests',
  )
}

/** @param code for programs, like OpenAI's */
function invalid(message: string, param: string | null, code = 'invalid_value'): ApiError {
  return new ApiError('invalid_request_error', message, { details: { param, code } })
}
