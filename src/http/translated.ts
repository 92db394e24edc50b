import { setMaxListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'

import { checkValues } from '../api/check-values.ts'
import { checkMessagesRequest } from '../api/request.ts'
import type { ContentBlock, MessagesRequest, ReplyMessage } from '../api/types.ts'
import { leftOutHeaders } from '../openai/left-out.ts'
import {
  rememberAnswer,
  type RememberedAnswers,
  restoreAnswers,
} from '../openai/remembered-answers.ts'
import { suitModel } from '../openai/suit-model.ts'
import { throwIfLeft } from '../refusals.ts'
import { inSteps } from '../steps.ts'
import type { Reply } from '../stream/reply.ts'
import type { MessagesOptions } from './messages.ts'
import { beginReply, idHeaders } from './reply.ts'

export type DialectOptions = MessagesOptions & {
  answers: RememberedAnswers
  /** The client's name, from `callerOf`. */
  caller: string
  /** Resolves a request's `model` to the full name. */
  modelOf: (name: string | undefined) => string
  /** Receives the names of parameters that were left out of a request. */
  onLeftOut: (left: { id: string; names: readonly string[] }) => void
}

/** A request of another dialect, translated. */
export type Translated = {
  request: MessagesRequest
  /** The number of replies to ask for, all at once. */
  count: number
  /** The dialect's names of the API's fields, if they differ. */
  fieldNames: ReadonlyMap<string, string>
  /** The parameters that the translation left out, by the dialect's names. */
  leftOut?: readonly string[]
  /** Values of `anthropic-beta` in addition to the client's. */
  betas?: readonly string[]
}

/** The replies to a request of another dialect, after they have begun. */
export type Replies = {
  replies: Reply[]
  /** Call it with each whole reply before the client gets the end of it. */
  remember: (message: ReplyMessage, index: number) => void
  headers: Record<string, string>
}

/**
 * Asks a translated request, without the parameters that its model refuses, and with earlier
 * answers restored to the API's form.
 *
 * @throws ApiError if the request is wrong or a reply did not begin; then all replies are ended
 */
export function askTranslated(
  translated: Translated,
  request: Request,
  id: string,
  options: DialectOptions,
): Promise<Replies> {
  return askAll([translated], request, id, options)
}

/** The same for several requests at once; each may ask for several replies. */
export async function askAll(
  all: readonly Translated[],
  request: Request,
  id: string,
  options: DialectOptions,
): Promise<Replies> {
  const prepared = await Promise.all(all.map((translated) => prepare(translated, request, options)))
  const names = [...new Set(prepared.flatMap(({ leftOut }) => leftOut))]
  if (names.length > 0) options.onLeftOut({ id, names })
  const turns = prepared.flatMap((one) => Array.from({ length: one.count }, () => one))
  if (turns.length > 1) setMaxListeners(turns.length + FEW_LISTENERS, request.signal)
  const begun = await Promise.allSettled(
    turns.map(({ asked, betas }) => beginReply(asked, request, id, options, betas)),
  )
  const replies = begun.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = begun.find((one) => one.status === 'rejected')
  if (failed) {
    await stopAll(replies)
    throw failed.reason
  }
  return {
    replies,
    remember: ({ content }, index) =>
      rememberAnswer(
        turns[index]?.name ?? '',
        content as unknown as ContentBlock[],
        options.answers,
      ),
    headers: { ...idHeaders(id), ...leftOutHeaders(names) },
  }
}

type Prepared = {
  asked: MessagesRequest
  count: number
  /** The name under which the answer will be remembered. */
  name: string
  leftOut: string[]
  betas: readonly string[]
}

async function prepare(
  { request: translated, count, fieldNames, leftOut: already = [], betas = [] }: Translated,
  { signal }: Request,
  { modelOf, answers, caller }: DialectOptions,
): Promise<Prepared> {
  await setImmediate()
  // The arguments of calls came as text, so their values were not checked yet.
  checkValues(translated)
  const checked = await inSteps(checkMessagesRequest(translated))
  const { request, leftOut } = suitModel(checked, modelOf(translated.model))
  const { messages, name } = await inSteps(restoreAnswers(request, caller, answers))
  throwIfLeft(signal)
  return {
    asked: { ...request, messages },
    count,
    name,
    leftOut: [...already, ...leftOut.map((field) => fieldNames.get(field) ?? field)],
    betas,
  }
}

/** The number of other listeners on a request's signal. */
const FEW_LISTENERS = 10

/** The whole messages. If one fails, all end. */
export async function foldReplies({ replies, remember }: Replies): Promise<ReplyMessage[]> {
  try {
    const messages = await Promise.all(replies.map((reply) => reply.whole()))
    for (const [index, message] of messages.entries()) remember(message, index)
    return messages
  } catch (error) {
    await stopAll(replies)
    throw error
  }
}

async function stopAll(replies: readonly Reply[]): Promise<void> {
  await Promise.allSettled(replies.map(async (reply) => reply.return()))
}
