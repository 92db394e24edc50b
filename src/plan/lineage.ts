import type { SentMessage, ToolDefinition } from '../api/types.ts'
import { atOnce, type Steps } from '../steps.ts'
import { CanonicalHash } from './canonical-hash.ts'

/**
 * The properties that a conversation keeps: changing them in a running one is impossible, or leaves
 * text in the history.
 */
export type Identity = {
  model: string
  system: string
  tools: readonly ToolDefinition[]
  betas: string
  runtimeCaching: boolean
}

/** The lineage of a conversation without messages. */
export function startLineage(identity: Identity): Steps<string> {
  return digest('', identity)
}

/** The lineage of a conversation after one more message. */
export function* lineageAfter(
  lineage: string,
  { role, content = [] }: Pick<SentMessage, 'role' | 'content'>,
): Steps<string> {
  const hash = new CanonicalHash(lineage)
  yield* hash.add(role)
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  for (const block of blocks) yield* hash.add(withoutDefaults(block))
  return hash.digest()
}

/** The same without pauses, for a message that is known to be small. */
export function extendLineage(
  lineage: string,
  message: Pick<SentMessage, 'role' | 'content'>,
): string {
  return atOnce(lineageAfter(lineage, message))
}

/**
 * A block without its meaningless fields. Clients send fields that the API left out as `null`, and
 * leave out a `caller` that only says that the model itself made the call.
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
export function* lineagesOf(
  origin: string,
  messages: readonly Pick<SentMessage, 'role' | 'content'>[],
): Steps<string[]> {
  const lineages = [origin]
  let lineage = origin
  for (const message of messages) {
    lineage = yield* lineageAfter(lineage, message)
    lineages.push(lineage)
  }
  return lineages
}

/**
 * The hash of a JSON value, chained to the hash before it. The order of keys makes no difference.
 */
export function* digest(previous: string, value: unknown): Steps<string> {
  const hash = new CanonicalHash(previous)
  yield* hash.add(value)
  return hash.digest()
}
