import type { ResponseStreamEvent } from 'openai/resources/responses/responses'

import { invalid } from '../openai/invalid.ts'
import { parseResponsesRequest } from '../openai/responses/request.ts'
import { ResponseStream } from '../openai/responses/stream.ts'
import { COMMENT, encodeEvent, type SseFormat, sseStream } from '../stream/sse.ts'
import { BackgroundResponse } from './background-response.ts'
import { heldUntil } from './held-until.ts'
import { idHeaders, STREAM_HEADERS } from './reply.ts'
import {
  beginResponse,
  type PreparedResponse,
  prepareResponse,
  type ResponsesOptions,
  secondsNow,
} from './response-run.ts'

export type { ResponsesOptions } from './response-run.ts'

/**
 * Answers `POST /v1/responses`: the same as `POST /v1/messages`, with a translated request and
 * reply.
 *
 * @throws ApiError if the request is wrong, the conversation to continue is not stored, or the
 * reply did not begin
 */
export async function postResponse(
  request: Request,
  id: string,
  options: ResponsesOptions,
): Promise<Response> {
  const { bodies, pingInterval, onError } = options
  const body = parseResponsesRequest(await bodies.readJson(request))
  const prepared = await prepareResponse(body, id, options)
  if (body.background === true) return postBackground(prepared, request, id, options)

  const { reply, headers, remember } = await beginResponse(prepared, request, id, options)
  if (body.stream !== true) {
    const { response } = await remember(await reply.whole())
    return Response.json(response, { headers })
  }
  const format = responsesFormat(new ResponseStream(prepared.head, reply, secondsNow))
  const events = heldUntil(reply, () => remember(reply.message()))
  const stream = sseStream(events, { format, pingInterval, onError })
  return new Response(stream, { headers: { ...headers, ...STREAM_HEADERS } })
}

function responsesFormat(stream: ResponseStream): SseFormat {
  return {
    event: (event) => stream.push(event).map(encodeEvent).join(''),
    error: (error) => stream.fail(error).map(encodeEvent).join(''),
    ping: COMMENT,
  }
}

/** Answers at once. The response is completed even if its client leaves. */
async function postBackground(
  prepared: PreparedResponse,
  request: Request,
  id: string,
  options: ResponsesOptions,
): Promise<Response> {
  const { head, input } = prepared
  const { responses } = options
  const body = head.request
  if (body.store === false) {
    throw invalid('background: a response in the background must be stored.', 'background')
  }
  const { url, headers } = request
  const job = new BackgroundResponse({
    head,
    model: options.modelOf(body.model ?? undefined),
    begin: (signal) => beginResponse(prepared, new Request(url, { headers, signal }), id, options),
    now: secondsNow,
    onError: options.onError,
  })
  const { response } = job
  await responses.run(job, input)
  job.start()
  if (body.stream === true) {
    return eventsResponse(await responses.events(head.id, -1), id, options)
  }
  return Response.json(response, { headers: idHeaders(id) })
}

/**
 * Answers `GET /v1/responses/{id}`; with `stream=true`, its events after `starting_after`.
 *
 * @throws ApiError 404, or 400 if its events are not kept
 */
export async function getResponse(
  responseId: string,
  query: URLSearchParams,
  id: string,
  options: ResponsesOptions,
): Promise<Response> {
  const { responses } = options
  if (query.get('stream') !== 'true') {
    return Response.json(await responses.get(responseId), { headers: idHeaders(id) })
  }
  const after = Number(query.get('starting_after') ?? -1)
  if (!Number.isInteger(after) || after < -1) {
    throw invalid('starting_after: Input should be the number of an event', 'starting_after')
  }
  return eventsResponse(await responses.events(responseId, after), id, options)
}

function eventsResponse(
  events: AsyncIterable<ResponseStreamEvent>,
  id: string,
  { pingInterval, onError }: ResponsesOptions,
): Response {
  const stream = sseStream(events, { format: UNTRANSLATED_FORMAT, pingInterval, onError })
  return new Response(stream, { headers: { ...idHeaders(id), ...STREAM_HEADERS } })
}

/** The events are translated already, and errors are among them. */
const UNTRANSLATED_FORMAT: SseFormat = { event: encodeEvent, error: () => '', ping: COMMENT }
