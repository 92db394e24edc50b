import { z } from 'zod'

import { describeIssue } from '../../api/validation-message.ts'

/* As for chats, only the fields that the translation relies on. */

const object = z.looseObject({})

const text = z.looseObject({
  type: z.enum(['input_text', 'output_text', 'text']),
  text: z.string(),
})

const part = z.discriminatedUnion(
  'type',
  [
    text,
    z.looseObject({ type: z.literal('refusal'), refusal: z.string() }),
    z.looseObject({
      type: z.literal('input_image'),
      image_url: z.string().nullish(),
      file_id: z.string().nullish(),
    }),
    z.looseObject({
      type: z.literal('input_file'),
      file_data: z.string().nullish(),
      file_id: z.string().nullish(),
      file_url: z.string().nullish(),
      filename: z.string().nullish(),
    }),
  ],
  "Input should be a part of type 'input_text', 'input_image' or 'input_file'",
)

const textPart = z.discriminatedUnion(
  'type',
  [text, z.looseObject({ type: z.literal('refusal'), refusal: z.string() })],
  "Input should be a part of type 'input_text', 'output_text' or 'refusal'",
)

const content = z.union([z.string(), z.array(part)]).nullish()
const textContent = z.union([z.string(), z.array(textPart)]).nullish()

const message = z.discriminatedUnion(
  'role',
  [
    z.looseObject({ type: z.literal('message').nullish(), role: z.literal('user'), content }),
    z.looseObject({
      type: z.literal('message').nullish(),
      role: z.enum(['assistant', 'system', 'developer']),
      content: textContent,
    }),
  ],
  "Input should be a message of role 'user', 'assistant', 'system' or 'developer'",
)

const callId = z.string()
const exec = z.looseObject({ command: z.array(z.string()) })
const outcome = z.looseObject({ type: z.string() })

/** The required fields of items, by type. Items of other types are left out unseen. */
const ITEMS = new Map<string, z.ZodType>([
  ['message', message],
  ['item_reference', z.looseObject({ id: z.string() })],
  ['reasoning', z.looseObject({ encrypted_content: z.string().nullish() })],
  ['compaction', z.looseObject({ encrypted_content: z.string() })],
  [
    'function_call',
    z.looseObject({
      call_id: callId,
      name: z.string(),
      namespace: z.string().nullish(),
      arguments: z.string().nullish(),
    }),
  ],
  ['function_call_output', z.looseObject({ call_id: callId, output: content })],
  [
    'custom_tool_call',
    z.looseObject({
      call_id: callId,
      name: z.string(),
      namespace: z.string().nullish(),
      input: z.string().nullish(),
    }),
  ],
  ['custom_tool_call_output', z.looseObject({ call_id: callId, output: content })],
  ['local_shell_call', z.looseObject({ call_id: callId, action: exec })],
  [
    'local_shell_call_output',
    z
      .looseObject({ call_id: z.string().nullish(), id: z.string().nullish(), output: content })
      .refine((item) => item.call_id ?? item.id, { path: ['call_id'], error: 'Field required' }),
  ],
  [
    'shell_call',
    z.looseObject({
      call_id: callId,
      action: z.looseObject({ commands: z.array(z.string()) }),
    }),
  ],
  [
    'shell_call_output',
    z.looseObject({
      call_id: callId,
      output: z.array(z.looseObject({ stdout: z.string(), stderr: z.string(), outcome })),
    }),
  ],
  [
    'apply_patch_call',
    z.looseObject({
      call_id: callId,
      operation: z.looseObject({ type: z.string(), path: z.string() }),
    }),
  ],
  ['apply_patch_call_output', z.looseObject({ call_id: callId, output: z.string().nullish() })],
  [
    'computer_call',
    z.looseObject({
      call_id: callId,
      action: z.looseObject({ type: z.string() }).nullish(),
      actions: z.array(z.looseObject({ type: z.string() })).nullish(),
    }),
  ],
  [
    'computer_call_output',
    z.looseObject({
      call_id: callId,
      output: z.looseObject({ image_url: z.string().nullish() }),
    }),
  ],
  [
    'mcp_call',
    z.looseObject({ server_label: z.string(), name: z.string(), arguments: z.string().nullish() }),
  ],
])

/** An issue must not keep the value, which may be large. */
function issuesOf(schema: z.ZodType | undefined, value: unknown): z.core.$ZodRawIssue[] {
  const { error } = schema?.safeParse(value, { error: describeIssue }) ?? {}
  return (error?.issues ?? []).map((issue) => ({ ...issue, input: undefined }))
}

/** The type of an item. If a client leaves it out or sends `null`, the fields show the type. */
export function itemType(item: object): string {
  const fields = item as Record<string, unknown>
  if (typeof fields['type'] === 'string') return fields['type']
  if ('role' in fields) return 'message'
  if ('call_id' in fields) return 'output' in fields ? 'function_call_output' : 'function_call'
  if ('summary' in fields || 'encrypted_content' in fields) return 'reasoning'
  return 'id' in fields ? 'item_reference' : 'message'
}

const item = z.looseObject({ type: z.string().nullish() }).check((payload) => {
  payload.issues.push(...issuesOf(ITEMS.get(itemType(payload.value)), payload.value))
})

const custom = z.looseObject({
  type: z.literal('custom'),
  name: z.string(),
  description: z.string().nullish(),
  format: z
    .union([
      z.looseObject({ type: z.literal('text') }),
      z.looseObject({
        type: z.literal('grammar'),
        syntax: z.string(),
        definition: z.string(),
      }),
    ])
    .nullish(),
})

const functionTool = z.looseObject({
  type: z.literal('function'),
  name: z.string(),
  description: z.string().nullish(),
  parameters: object.nullish(),
  strict: z.boolean().nullish(),
})

const webSearch = z.looseObject({
  filters: z
    .looseObject({
      allowed_domains: z.array(z.string()).nullish(),
      blocked_domains: z.array(z.string()).nullish(),
    })
    .nullish(),
  user_location: object.nullish(),
})

/** The required fields of tools, by type. Tools of other types are left out unseen. */
const TOOLS = new Map<string, z.ZodType>([
  ['function', functionTool],
  ['custom', custom],
  [
    'namespace',
    z.looseObject({
      name: z.string(),
      description: z.string().nullish(),
      tools: z.array(z.discriminatedUnion('type', [functionTool, custom])),
    }),
  ],
  ['web_search', webSearch],
  ['web_search_2025_08_26', webSearch],
  ['web_search_preview', webSearch],
  ['web_search_preview_2025_03_11', webSearch],
  [
    'computer_use_preview',
    z.looseObject({ display_width: z.number(), display_height: z.number() }),
  ],
  ['shell', z.looseObject({ environment: z.looseObject({ type: z.string() }).nullish() })],
  [
    'mcp',
    z.looseObject({
      server_label: z.string(),
      server_url: z.string().nullish(),
      authorization: z.string().nullish(),
      headers: z.record(z.string(), z.string()).nullish(),
    }),
  ],
])

const tool = z.looseObject({ type: z.string() }).check((payload) => {
  payload.issues.push(...issuesOf(TOOLS.get(payload.value.type), payload.value))
})

const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.looseObject({ type: z.enum(['function', 'custom']), name: z.string() }),
  z.looseObject({
    type: z.literal('allowed_tools'),
    mode: z.enum(['auto', 'required']),
    tools: z.array(z.looseObject({ type: z.string(), name: z.string().nullish() })),
  }),
  z.looseObject({ type: z.string() }),
])

const input = z.union([z.string(), z.array(item)]).nullish()

export const itemsSchema = z.looseObject({ items: z.array(item) }, 'Input should be an object')

export const responsesRequestSchema = z.looseObject(
  {
    model: z.string().nullish(),
    input,
    instructions: z.string().nullish(),
    metadata: z.record(z.string(), z.string()).nullish(),
    previous_response_id: z.string().nullish(),
    conversation: z.union([z.string(), z.looseObject({ id: z.string() })]).nullish(),
    background: z.boolean().nullish(),
    store: z.boolean().nullish(),
    stream: z.boolean().nullish(),
    max_output_tokens: z.number().nullish(),
    temperature: z.number().nullish(),
    top_p: z.number().nullish(),
    tools: z.array(tool).nullish(),
    tool_choice: toolChoice.nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    text: z
      .looseObject({
        format: z.looseObject({ type: z.string(), schema: object.nullish() }).nullish(),
      })
      .nullish(),
    reasoning: z.looseObject({ effort: z.string().nullish() }).nullish(),
    include: z.array(z.string()).nullish(),
  },
  'Input should be an object',
)
