import { createHash } from 'node:crypto'

import type { Message } from '@anthropic-ai/sdk/resources/messages'

import { type Answer, error, type StreamElement } from './answers.ts'

/*
 * Preserved thinking: the API binds each thought to its prefix (`system`, `tools` and all earlier
 * messages), and refuses it after another prefix.
 * Source: https://platform.claude.com/docs/en/build-with-claude/preserved-thinking
 */

type Fields = Record<string, unknown>
type Block = Fields & { type: string }

/**
 * Models that check the prefix of each thought, unless the request tells them to drop such
 * thoughts.
 */
const CHECKING_MODELS = /^claude-(?:(?:opus|sonnet|haiku)-5-5|(?:fable|mythos)-5-[1-9])(?:-|$)/

/** The answer, with its thoughts signed over the prefix of the request. */
export function signAnswer(answer: Answer, request: Fields): Answer {
  switch (answer.kind) {
    case 'message': {
      const bound = prefixDigest(request, messagesOf(request).length)
      const content = answer.message.content.map((block) => signBlock(block, bound))
      return { ...answer, message: { ...answer.message, content } }
    }
    case 'events':
      return { ...answer, elements: signElements(answer.elements, request) }
    default:
      return answer
  }
}

/** A message of the stand-in, signed over its request. */
export function signedMessage(reply: Message, asked: Asked): Message {
  const bound = prefixDigest({ ...asked?.body }, messagesOf({ ...asked?.body }).length)
  return { ...reply, content: reply.content.map((block) => signBlock(block, bound)) }
}

/** The same for a stream's events. */
export function signedEvents(
  sent: readonly StreamElement[],
  asked: Asked,
): readonly StreamElement[] {
  return signElements(sent, { ...asked?.body })
}

type Asked = { body: object } | undefined

/** A signature of the stand-in. The stand-in refuses it after another prefix. */
export const BOUND_SIGNATURE = /^c3RhbmRpbi/

/**
 * The API's 400 if a thought of this stand-in comes after another prefix than its signed one, or
 * has another text. Other signatures are accepted.
 */
export function bindingError(request: Fields): Answer | undefined {
  const behavior = mismatchBehavior(request)
  const checksPrefix =
    behavior === undefined ? CHECKING_MODELS.test(String(request['model'])) : behavior === 'error'
  for (const [index, { content }] of messagesOf(request).entries()) {
    for (const [position, block] of blocksOf(content).entries()) {
      const signature = readSignature(block)
      if (signature === undefined) continue
      const place = `messages.${index}.content.${position}: Invalid \`signature\` in \`${block.type}\` block`
      if (signature.thought !== digest(textOf(block))) return refusal(place)
      if (checksPrefix && signature.prefix !== prefixDigest(request, index)) {
        return refusal(`${place}. ${BOUND_ELSEWHERE}`)
      }
    }
  }
  return undefined
}

const BOUND_ELSEWHERE =
  'The block is bound to a different conversation. Remove the block, or set `thinking.block_binding.prefix_mismatch_behavior` to "drop_block".'

function refusal(message: string): Answer {
  return error(400, 'invalid_request_error', message)
}

function mismatchBehavior({ thinking }: Fields): unknown {
  const binding = (thinking as { block_binding?: Fields } | undefined)?.block_binding
  return binding?.['prefix_mismatch_behavior']
}

function signBlock<Given extends { type: string }>(block: Given, prefix: string): Given {
  switch (block.type) {
    case 'thinking':
      return { ...block, signature: signatureOf({ prefix, thought: digest(textOf(block)) }) }
    case 'redacted_thinking':
      return { ...block, data: signatureOf({ prefix, thought: digest('') }) }
    default:
      return block
  }
}

/** Thoughts come in pieces; the signature covers all earlier pieces. */
function signElements(elements: readonly StreamElement[], request: Fields): StreamElement[] {
  const prefix = prefixDigest(request, messagesOf(request).length)
  const thoughts = new Map<unknown, string>()
  return elements.map((element) => {
    if (typeof element !== 'object') return element
    const event: Fields & { type: string } = { ...element }
    const { index } = event
    if (event.type === 'content_block_start') {
      const block = event['content_block'] as Block
      thoughts.set(index, textOf(block))
      // The signature of a thought that is still to come is empty.
      if (block.type !== 'redacted_thinking') return element
      return { ...event, content_block: signBlock(block, prefix) }
    }
    const delta = event['delta'] as { type?: string; thinking?: string } | undefined
    if (delta?.type === 'thinking_delta') {
      thoughts.set(index, `${thoughts.get(index) ?? ''}${delta.thinking ?? ''}`)
    }
    if (delta?.type !== 'signature_delta') return element
    const signature = signatureOf({ prefix, thought: digest(thoughts.get(index) ?? '') })
    return { ...event, delta: { ...delta, signature } }
  })
}

function textOf(block: { type: string; thinking?: unknown }): string {
  return typeof block.thinking === 'string' ? block.thinking : ''
}

type Signature = { prefix: string; thought: string }

const MADE_HERE = 'standin'

function signatureOf({ prefix, thought }: Signature): string {
  return Buffer.from([MADE_HERE, prefix, thought].join('.')).toString('base64')
}

function readSignature(block: Block): Signature | undefined {
  const text = block.type === 'thinking' ? block['signature'] : block['data']
  if (!['thinking', 'redacted_thinking'].includes(block.type) || typeof text !== 'string') {
    return undefined
  }
  const [maker, prefix, thought] = Buffer.from(text, 'base64').toString().split('.')
  if (maker !== MADE_HERE || prefix === undefined || thought === undefined) return undefined
  return { prefix, thought }
}

/** A name for everything before a message. */
function prefixDigest(request: Fields, messageIndex: number): string {
  const { system, tools = [] } = request
  const turns: { role: unknown; blocks: unknown[] }[] = []
  for (const { role, content } of messagesOf(request).slice(0, messageIndex)) {
    const blocks = blocksOf(content).map(plainBlock)
    const last = turns.at(-1)
    // The API treats neighbours of one role as one message.
    if (last?.role === role) last?.blocks.push(...blocks)
    else turns.push({ role, blocks })
  }
  return digest(
    JSON.stringify({
      system: blocksOf(system).map(plainBlock),
      tools: (tools as Fields[]).map(withoutMark),
      turns,
    }),
  )
}

/** A block without its mark, in one normal form for blocks that are equal to the API. */
function plainBlock(block: Block): Fields {
  const { content, is_error: isError, caller, ...rest } = withoutMark(block)
  const isCalledByModel = (caller as Fields | undefined)?.['type'] === 'direct'
  return sortedByName({
    ...rest,
    ...(caller !== undefined && !isCalledByModel && { caller }),
    ...(isError === true && { is_error: true }),
    ...(content !== undefined && {
      content: block.type === 'tool_result' ? blocksOf(content).map(plainBlock) : content,
    }),
  })
}

function withoutMark(fields: Fields): Fields {
  const { cache_control: _, ...rest } = fields
  return sortedByName(rest)
}

/** The order of a block's own fields does not matter; that of the data in them does. */
function sortedByName(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  )
}

function messagesOf(request: Fields): { role: unknown; content: unknown }[] {
  return Array.isArray(request['messages']) ? request['messages'] : []
}

function blocksOf(content: unknown): Block[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return Array.isArray(content) ? (content as Block[]) : []
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
