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
  /** The client, by the name of `callerOf`. */
  caller: string
  /** The full name of the model that a request's `model` stands for. */
  modelOf: (name: string | undefined) => string
  /** Is told of what was left out of a request. */
  onLeftOut: (left: { id: string; names: readonly string[] }) => void
}

/** A request of another dialect, in the API's words. */
export type Translated = {
  request: MessagesRequest
  /** How many replies are asked for, all at once. */
  count: number
  /** The dialect's names of the API's fields, where they differ. */
  fieldNames: ReadonlyMap<string, string>
  /** What the translation left out, by the dialect's names. */
  leftOut?: readonly string[]
  /** Values of `anthropic-beta` beside those of the client. */
  betas?: readonly string[]
}

/** The replies to a request of another dialect, which have begun. */
export type Replies = {
  replies: Reply[]
  /** To be called with each whole reply, before its client can know that it is whole. */
  remember: (message: ReplyMessage, index: number) => void
  headers: Record<string, string>
}

/**
 * Asks what was translated from another dialect: without the parameters that its model refuses, and
 * with the answers as the API gave them.
 *
 * @throws ApiError where the request is wrong or a reply did not begin; then none goes on
 */
export function askTranslated(
  translated: Translated,
  request: Request,
  id: string,
  options: DialectOptions,
): Promise<Replies> {
  return askAll([translated], request, id, options)
}

/** The same for several requests at once, of which each may ask for several replies. */
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
  /** Names the conversation, for its answer. */
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
  // Arguments of calls came as text: what is in them was not looked at yet.
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

/** What else may listen to the signal of a request. */
const FEW_LISTENERS = 10

/** The whole messages. One that fails ends all. */
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
