import { createHash } from 'node:crypto'

import type { SentMessage, ToolDefinition } from '../api/types.ts'

/** What a process cannot change once it runs, or must not (a change leaves text in the history). */
export type Identity = {
  model: string
  system: string
  tools: readonly ToolDefinition[]
  betas: string
  runtimeCaching: boolean
}

/** The lineage of a conversation in which nothing was said yet. */
export function startLineage(identity: Identity): string {
  return digest('', identity)
}

/** The lineage of a conversation after one more message. */
export function extendLineage(
  lineage: string,
  { role, content }: Pick<SentMessage, 'role' | 'content'>,
): string {
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  return digest(lineage, { role, content: blocks.map(withoutDefaults) })
}

/**
 * A block without what says nothing: clients send back, as `null`, fields that the API had left out, and
 * leave out `caller` where it says that the model itself made the call.
 */
function withoutDefaults(block: object): object {
  const fields = Object.entries(block).filter(
    ([name, value]) => value !== null && !(name === 'caller' && isDirect(value)),
  )
  return Object.fromEntries(fields)
}

function isDirect(caller: unknown): boolean {
  return (
    typeof caller === 'object' && caller !== null && 'type' in caller && caller.type === 'direct'
  )
}

/** The lineages of a conversation after 0, 1, 2, … messages. */
export function lineagesOf(
  origin: string,
  messages: readonly Pick<SentMessage, 'role' | 'content'>[],
): string[] {
  const lineages = [origin]
  let lineage = origin
  for (const message of messages) {
    lineage = extendLineage(lineage, message)
    lineages.push(lineage)
  }
  return lineages
}

/** A hash of a value of JSON, after what came before it. The order of keys makes no difference. */
export function digest(previous: string, value: unknown): string {
  return createHash('sha256').update(previous).update(canonical(value)).digest('base64url')
}

/** JSON that does not depend on the order of keys. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join()}}`
}
