import type { Message } from '../../api/types.ts'
import type { ClientTool, Opening } from '../../plan/turn.ts'
import { type Channel, newUuid } from './channel.ts'
import { hasResults, plainTextOf } from './frames.ts'
import type { ProcessSettings } from './settings.ts'
import type { Transcript } from './transcript.ts'

/** The parts of a worker that an opening tells something. */
export type OpeningParts = {
  channel: Channel
  settings: ProcessSettings
  /** Offers the client's tools, and waits until the runtime knows them. */
  offer: (tools: readonly ClientTool[]) => Promise<void>
  transcript: Transcript
  /** Throws if the client has left: then no further step is taken. */
  look: () => void
}

/**
 * Tells an empty process model, system prompt, tools and parameters, and puts the history in.
 *
 * @throws ApiError if the process fails on the way
 */
export async function openConversation(
  parts: OpeningParts,
  opening: Opening & { lineages: readonly string[] },
): Promise<void> {
  const { settings, offer, transcript } = parts
  transcript.begin(opening.lineages[0])
  const first = opening.history.findIndex(({ role }) => role === 'user')
  await Promise.all([
    settings.apply(opening, first === -1 ? 'open' : 'closed'),
    offer(opening.tools),
  ])
  await putHistory(parts, opening, 0)
}

/**
 * Puts the messages of a history from an index on into the conversation.
 *
 * The runtime adds its reminders to a user message when that is *asked*, and a live conversation has
 * them with its first one. So the first user message is asked here as well, while the gate is closed:
 * nothing goes upstream, and the conversation begins as it would have, byte for byte.
 */
export async function putHistory(
  { channel, settings, transcript, look }: OpeningParts,
  { history, lineages, model }: Opening & { lineages: readonly string[] },
  from: number,
): Promise<void> {
  const first = history.findIndex(({ role }) => role === 'user')
  for (const [index, { role, content }] of history.entries()) {
    if (index < from) continue
    const lineage = lineages[index + 1] ?? ''
    if (role === 'assistant') {
      channel.putAssistant(content, model)
      transcript.add({ role, lineage })
      continue
    }
    look()
    const uuid = newUuid()
    const text = plainTextOf(content)
    const isAsked = index === first
    const isTarget = isAsked || (text === undefined && !hasResults(content))
    transcript.wrote(uuid, isTarget)
    if (isAsked) {
      await settings.setGate('closed')
      await channel.askBehindGate(content, uuid)
      await settings.setGate('open')
    } else if (text === undefined) await channel.putUser(content, uuid)
    else channel.putUserText(text, uuid)
    transcript.add({ role, lineage, uuid, isTarget })
  }
}

/**
 * Puts messages into an empty process without asking any, so that the runtime adds nothing to them.
 * No turn of the proxy will find them there.
 */
export async function putUnasked(
  { channel, transcript, look }: OpeningParts,
  messages: readonly Message[],
  model: string,
): Promise<void> {
  let isTakenIn = true
  for (const { role, content } of messages) {
    look()
    if (role === 'assistant') {
      channel.putAssistant(content, model)
      isTakenIn = false
      continue
    }
    const uuid = newUuid()
    const text = transcript.isEmpty ? undefined : plainTextOf(content)
    transcript.wrote(uuid, text === undefined)
    if (text === undefined) await channel.putUser(content, uuid)
    else channel.putUserText(text, uuid)
    isTakenIn = text === undefined
  }
  if (isTakenIn) return
  // An empty user message is acknowledged after everything before it, and is not part of a count.
  const uuid = newUuid()
  transcript.wrote(uuid, transcript.isEmpty)
  await channel.putUser([], uuid)
}
