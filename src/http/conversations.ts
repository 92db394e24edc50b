import { randomBytes } from 'node:crypto'

import type { ResponseInput } from 'openai/resources/responses/responses'
import { z } from 'zod'

import { checkShape } from '../openai/invalid.ts'
import { inputItems } from '../openai/responses/input-items.ts'
import { itemsSchema } from '../openai/responses/schema.ts'
import type { Conversation, Conversations } from '../responses/stored.ts'
import type { Bodies } from './bodies.ts'
import { type ListPage, wholeList } from './list-page.ts'

const metadata = z.record(z.string(), z.string()).nullish()
const newConversation = itemsSchema.extend({ metadata, items: itemsSchema.shape.items.nullish() })
const changes = z.looseObject({ metadata }, 'Input should be an object')

type NewConversation = { metadata?: Record<string, string> | null; items?: ResponseInput | null }

/** Answers `POST /v1/conversations`. */
export async function postConversation(
  request: Request,
  bodies: Bodies,
  conversations: Conversations,
): Promise<Conversation> {
  const body = await bodies.readJson(request, '{}')
  checkShape(newConversation, body)
  const { items, metadata: given } = body as NewConversation
  const conversation = await conversations.create(given ?? {})
  await conversations.append(conversation.id, listed(items ?? []))
  return conversation
}

/** Answers `POST /v1/conversations/{id}`. */
export async function postConversationChanges(
  request: Request,
  id: string,
  bodies: Bodies,
  conversations: Conversations,
): Promise<Conversation> {
  const body = await bodies.readJson(request)
  checkShape(changes, body)
  return conversations.update(id, (body as NewConversation).metadata ?? {})
}

/** Answers `POST /v1/conversations/{id}/items`. */
export async function postConversationItems(
  request: Request,
  id: string,
  bodies: Bodies,
  conversations: Conversations,
): Promise<ListPage<ReturnType<typeof listed>[number]>> {
  const body = await bodies.readJson(request)
  checkShape(itemsSchema, body)
  const items = listed((body as { items: ResponseInput }).items)
  await conversations.append(id, items)
  return wholeList(items)
}

/** Items without an id get one that no other request gives. */
function listed(items: ResponseInput) {
  return inputItems(items, randomBytes(12).toString('hex'), () => undefined)
}
