import type {
  ResponseInputItem,
  ResponseItem,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses'

import type { WireResponse } from '../openai/responses/reply.ts'
import type { Past } from '../openai/responses/request.ts'

/*
 * What OpenAI's Responses API keeps between requests. It is kept in memory, or in the database that
 * replicas share. A client sees only its own: for anyone else there is no such thing.
 */

/** Whose things they are, by two names: of this process, and of all replicas. */
export type Client = {
  /** As of `callerOf`: it lasts as long as this process. */
  caller: string
  /** As `owner` of a batch. */
  owner: string
}

export type StoredResponse = {
  response: WireResponse
  /** The messages that its request added to the conversation, and the answer. */
  added: Past
  /** The input of its request. */
  input: ResponseItem[]
}

/** A response that is made whether its client stays or not. */
export type BackgroundJob = {
  /** The response as it is now. */
  readonly response: WireResponse
  /** What it adds to the conversation, once it is whole. */
  readonly added: Past | undefined
  /** So far. The place of an event is its `sequence_number`. */
  readonly events: readonly ResponseStreamEvent[]
  /** Whether it is whole, failed or cancelled. */
  readonly isOver: boolean
  /** Resolves when it is another than now, or over. */
  changed: () => Promise<void>
  /** Ends the request upstream. One that is over stays as it is. */
  cancel: () => void
}

/** The responses of one client. */
export type Responses = {
  /**
   * Keeps a response that is whole. Resolves also if it could not be kept, which is logged: the answer
   * was paid for, and is the client's all the same.
   */
  add: (stored: StoredResponse) => Promise<void>
  /**
   * Keeps a response that is being made, until it is over and after it.
   *
   * @param input of its request
   * @throws ApiError 529 if too many are being made
   */
  run: (job: BackgroundJob, input: ResponseItem[]) => Promise<void>
  /** @throws ApiError 404 */
  get: (id: string) => Promise<WireResponse>
  /**
   * Cancels a response in the background. One that is over stays as it is.
   *
   * @throws ApiError 404, and 400 if it is not in the background
   */
  cancel: (id: string) => Promise<WireResponse>
  /**
   * The events of a response in the background with a higher number, including later ones.
   *
   * @throws ApiError 404, and 400 if it is not in the background
   */
  events: (id: string, after: number) => Promise<AsyncIterable<ResponseStreamEvent>>
  /** Deletes a response; one that is being made is cancelled. Throws an ApiError 404. */
  delete: (id: string) => Promise<void>
  /** @throws ApiError 400 if the response, or one before it, is not kept */
  past: (id: string | null | undefined) => Promise<Past>
  /**
   * The input of a response: the items of all responses before it, and its own.
   *
   * @throws ApiError 404, and 400 if one before it is not kept
   */
  input: (id: string) => Promise<ResponseItem[]>
  /** Those of the output items with these ids that are kept, by their ids. */
  items: (ids: readonly string[]) => Promise<ReadonlyMap<string, ResponseInputItem>>
}

export type Conversation = {
  id: string
  object: 'conversation'
  /** Seconds since 1970. */
  created_at: number
  metadata: Record<string, string>
}

/** The conversations of one client. All functions throw an ApiError 404 for one that is not there. */
export type Conversations = {
  create: (metadata: Conversation['metadata']) => Promise<Conversation>
  get: (id: string) => Promise<Conversation>
  update: (id: string, metadata: Conversation['metadata']) => Promise<Conversation>
  delete: (id: string) => Promise<void>
  /** The oldest first. */
  items: (id: string) => Promise<readonly ResponseItem[]>
  item: (id: string, itemId: string) => Promise<ResponseItem>
  append: (id: string, items: readonly ResponseItem[]) => Promise<void>
  /** Adds the items of a response, unless the conversation was deleted meanwhile. */
  note: (id: string, items: readonly ResponseItem[]) => Promise<void>
  deleteItem: (id: string, itemId: string) => Promise<Conversation>
}

/** What is kept for the clients of the Responses API. */
export type ResponseShelf = {
  responses: (client: Client) => Responses
  conversations: (client: Client) => Conversations
}
