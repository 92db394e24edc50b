import type { z } from 'zod'

import { ApiError } from '../errors.ts'
import type { Steps } from '../steps.ts'
import { messageSchema, messagesRequestSchema, systemBlockSchema, toolSchema } from './schema.ts'
import { describeIssue, deepestIssue, validationMessage } from './validation-message.ts'

/** Parts that are checked in one step; each takes some microseconds. */
const PARTS_OF_A_STEP = 500

/**
 * Checks the shape of a request, one part after another: a large request has several hundred
 * thousand parts.
 *
 * @throws ApiError that names the first field that is wrong, in the order of the schema
 */
export function* checkRequestShape(body: unknown): Steps<void> {
  const outer = firstIssue(messagesRequestSchema, body)
  const place = outer === undefined ? Infinity : FIELDS.indexOf(String(outer.path[0]))
  for (const [index, field] of FIELDS.entries()) {
    if (outer && place <= index) refuse(outer, [])
    const schema = PARTS.get(field)
    const parts = schema && (body as Record<string, unknown>)[field]
    if (schema && Array.isArray(parts)) yield* checkParts(schema, parts, [field])
  }
}

const FIELDS = Object.keys(messagesRequestSchema.shape)

/** The lists whose parts were not checked yet. */
const PARTS = new Map<string, z.ZodType>([
  ['messages', messageSchema],
  ['system', systemBlockSchema],
  ['tools', toolSchema],
])

function* checkParts(
  schema: z.ZodType,
  parts: readonly unknown[],
  path: PropertyKey[],
): Steps<void> {
  for (const [index, part] of parts.entries()) {
    const { content } = (part ?? {}) as { content?: unknown }
    const isLong = Array.isArray(content) && content.length > PARTS_OF_A_STEP
    if (isLong) yield* checkLong(schema, part as object, content, [...path, index])
    else check(schema, part, [...path, index])
    if (index % PARTS_OF_A_STEP === 0) yield
  }
}

/** Checks a message with some of its content blocks at a time. */
function* checkLong(
  schema: z.ZodType,
  message: object,
  content: readonly unknown[],
  path: PropertyKey[],
): Steps<void> {
  for (let start = 0; start < content.length; start += PARTS_OF_A_STEP) {
    const some = content.slice(start, start + PARTS_OF_A_STEP)
    check(schema, { ...message, content: some }, path, start)
    yield
  }
}

/** @param first the index of the first content block, if the earlier ones are left out */
function check(schema: z.ZodType, value: unknown, path: PropertyKey[], first = 0): void {
  const issue = firstIssue(schema, value)
  if (issue) refuse(issue, path, first)
}

function firstIssue(schema: z.ZodType, value: unknown): z.core.$ZodIssue | undefined {
  return schema.safeParse(value, { error: describeIssue }).error?.issues[0]
}

function refuse(issue: z.core.$ZodIssue, prefix: PropertyKey[], first = 0): never {
  const { path, message } = deepestIssue(issue)
  const placed = path.map((step, index) =>
    index === 1 && path[0] === 'content' && typeof step === 'number' ? step + first : step,
  )
  throw new ApiError('invalid_request_error', validationMessage([...prefix, ...placed], message))
}
