import type { Message } from '../../api/types.ts'
import type { ClientTool, Opening } from '../../plan/turn.ts'
import { type Channel, newUuid } from './channel.ts'
import { hasResults, plainTextOf } from './frames.ts'
import type { ProcessSettings } from './settings.ts'
import type { Transcript } from './transcript.ts'

/** The parts of a worker that an opening uses. */
export type OpeningParts = {
  channel: Channel
  settings: ProcessSettings
  /** Offers the client's tools, and waits until the runtime knows them. */
  offer: (tools: readonly ClientTool[]) => Promise<void>
  transcript: Transcript
  /** Throws if the client has left, so that no further step is taken. */
  look: () => void
}

/**
 * Sets model, system prompt, tools and parameters of an empty process, and puts the history in.
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
 * Puts the messages of a history into the conversation, from an index on.
 *
 * The runtime adds its reminders to a user message when that is *asked*; in a live conversation the
 * first user message has them. So the first user message is asked here as well, behind the closed
 * gate: nothing goes upstream, and the conversation begins like a live one, byte for byte.
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
 * Puts messages into an empty process without asking any of them, so that the runtime adds nothing.
 * No later turn is matched to them.
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
