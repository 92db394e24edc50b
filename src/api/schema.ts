import { z } from 'zod'

import { describeIssue } from './validation-message.ts'

/*
 * The schemas only check. They are loose (other fields may be present), and go no deeper than the
 * fields that they name. So the depth of a client's JSON can't exhaust our stack.
 */

const anyObject = z.looseObject({})
const typedObject = z.looseObject({ type: z.string() })

const integer = z.custom<number>((value) => Number.isInteger(value), {
  error: 'Input should be a valid integer',
  abort: true,
})

/**
 * The required fields of the content block types known today. Blocks of other types need only a
 * `type`.
 */
const KNOWN_BLOCKS = new Map<string, z.ZodType>([
  ['text', z.looseObject({ text: z.string() })],
  ['image', z.looseObject({ source: typedObject })],
  ['document', z.looseObject({ source: anyObject })],
  ['tool_use', z.looseObject({ id: z.string(), name: z.string(), input: anyObject })],
  [
    'tool_result',
    z.looseObject({
      tool_use_id: z.string(),
      content: z.union([z.string(), z.array(typedObject)]).optional(),
    }),
  ],
  ['thinking', z.looseObject({ thinking: z.string(), signature: z.string() })],
  ['redacted_thinking', z.looseObject({ data: z.string() })],
])

const contentBlock = typedObject.check((payload) => {
  const { type } = payload.value
  const known = KNOWN_BLOCKS.get(type)
  // The API puts the type into the path: `messages.0.content.0.text.text`.
  if (known) payload.issues.push(...issuesOf(known, payload.value, [type]))
})

export const messageSchema = z
  .looseObject({
    role: z.enum(['user', 'assistant', 'system']),
    content: z.union([z.string(), z.array(contentBlock)]).optional(),
  })
  .check(({ value, issues }) => {
    // A system message may have only an `output_config`.
    if (value.role === 'system' || value.content !== undefined) return
    issues.push({ code: 'custom', message: 'Field required', input: undefined, path: ['content'] })
  })

const customTool = z.looseObject({ name: z.string(), input_schema: anyObject })

export const toolSchema = z.looseObject({ type: z.string().nullish() }).check((payload) => {
  const isCustom = (payload.value.type ?? 'custom') === 'custom'
  if (isCustom) payload.issues.push(...issuesOf(customTool, payload.value, []))
})

export const systemBlockSchema = z.looseObject({ type: z.literal('text'), text: z.string() })

/**
 * The shape of a Messages request, without the rules between messages, and without the content of
 * its lists of parts. The lists may be very long, see request-shape.ts.
 */
export const messagesRequestSchema = z.looseObject(
  {
    model: z.string().min(1).optional(),
    messages: z
      .array(z.unknown())
      .refine((messages) => messages.length > 0, 'at least one message is required'),
    max_tokens: integer
      .refine((count) => count >= 0, 'Input should be greater than or equal to 0')
      .optional(),
    system: z.union([z.string(), z.array(z.unknown())]).optional(),
    stream: z.boolean().optional(),
    temperature: z.number().optional(),
    top_p: z.number().optional(),
    top_k: integer.optional(),
    stop_sequences: z.array(z.string()).optional(),
    tools: z.array(z.unknown()).optional(),
    tool_choice: typedObject.optional(),
    thinking: typedObject.optional(),
    output_config: anyObject.optional(),
    metadata: anyObject.optional(),
  },
  'Input should be an object',
)

function issuesOf(schema: z.ZodType, value: unknown, path: string[]): z.core.$ZodRawIssue[] {
  const { error } = schema.safeParse(value, { error: describeIssue })
  return (error?.issues ?? []).map((issue) => ({
    ...issue,
    input: undefined,
    path: [...path, ...issue.path],
  }))
}
