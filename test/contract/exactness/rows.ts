import { Examples } from '../../../scripts/anthropic-examples.ts'
import { anthropicTypes } from '../../../scripts/anthropic-types.ts'

/*
 * All fields, blocks and events in the types of the installed `@anthropic-ai/sdk` for a Messages
 * request and its reply, each with a request or a stream that contains it.
 */

export type Fields = Record<string, unknown>
type Block = Fields & { type: string }

type Named = { group: string; name: string }

export type RequestRow = Named & { request: Fields; headers: Record<string, string> }

export type ReplyRow = Named & {
  /** The events of the reply's blocks. */
  blocks: Block[]
  /** Why the reply stops. */
  reason: string
  /** Further fields for the events of a type. */
  events: Record<string, Block>
}

export type Row = RequestRow | ReplyRow

const examples = new Examples(anthropicTypes())

/** Supports all features of the SDK. */
const MODEL = 'claude-opus-5-5'

export function rows(): Row[] {
  return [...requestRows(), ...replyRows()]
}

function requestRows(): RequestRow[] {
  return [
    ...examples.fieldsOf('MessageCreateParamsBase').map(({ name, type }) => {
      const value = FIELD_VALUES[name] ?? examples.valueOf(type, name)
      return row('fields', name, HEADERS[name] ? {} : { [name]: value }, headersOf(name))
    }),
    ...each('thinking', 'BetaThinkingConfigParam', (thinking) => ({ thinking })),
    ...each('tool choice', 'BetaToolChoice', (choice) => ({ tool_choice: choice, tools: [TOOL] })),
    ...each('tools', 'BetaToolUnion', (tool) => ({ tools: [tool] })),
    ...each('content', 'BetaContentBlockParam', (block) => ({ messages: around(block) })),
    ...within('image', 'source').map(([name, block]) =>
      row('image sources', name, { messages: around(block) }),
    ),
    ...within('document', 'source').map(([name, block]) =>
      row('document sources', name, { messages: around(block) }),
    ),
    ...within('tool_result', 'content').map(([name, block]) =>
      row('content of results', name, { messages: around(block) }),
    ),
    ...within('tool_result', 'content').map(([name, block]) =>
      row('content of failed results', name, { messages: around({ ...block, is_error: true }) }),
    ),
    ...each('citations', 'BetaTextCitationParam', (citation) => ({
      messages: around({ type: 'text', text: 'Blue.', citations: [citation] }, true),
    })),
    ...each('callers', 'BetaToolUseCaller', (caller) => ({
      messages: around({ ...without(blockOf('tool_use'), 'toolset_name'), caller }),
    })),
    ...examples
      .fieldsOf('BetaSystemMessageParam')
      .filter(({ name }) => name !== 'role')
      .map(({ name, type }) => {
        const value = name === 'content' ? 'Be brief.' : examples.valueOf(type, name)
        return row('messages of the system', name, {
          messages: [...HELLO, { role: 'system', content: 'Be brief.', [name]: value }],
        })
      }),
    row('messages of the system', 'output_config alone', {
      messages: [...HELLO, { role: 'system', output_config: { effort: 'low' } }],
    }),
  ]
}

const HELLO = [{ role: 'user', content: 'Hello.' }]

const TOOL = { name: 'name_made_up', input_schema: { type: 'object' } }

/** For fields whose smallest example would be too small to show a change. */
const FIELD_VALUES: Fields = {
  max_tokens: 4000,
  messages: [
    ...HELLO,
    { role: 'assistant', content: 'Hello.' },
    { role: 'user', content: 'Go on.' },
  ],
  model: MODEL,
  system: [
    { type: 'text', text: 'Be brief.' },
    { type: 'text', text: 'Be kind.' },
  ],
  thinking: { type: 'adaptive' },
  tools: [TOOL],
}

/** Parameters of the SDK that travel as headers. */
const HEADERS: Record<string, [name: string, value: string]> = {
  betas: ['anthropic-beta', examples.valuesOf('AnthropicBeta').join(',')],
  user_profile_id: ['anthropic-user-profile-id', 'uprof_made_up'],
  workspace_id: ['anthropic-workspace-id', 'wrkspc_made_up'],
}

function headersOf(name: string): Record<string, string> {
  return HEADERS[name] === undefined ? {} : Object.fromEntries([HEADERS[name]])
}

function row(
  group: string,
  name: string,
  fields: Fields,
  headers: Record<string, string> = {},
): RequestRow {
  const request = { model: MODEL, max_tokens: 4000, messages: HELLO, ...fields }
  return { group, name, request, headers }
}

function each(group: string, union: string, fields: (member: Block) => Fields): RequestRow[] {
  return examples
    .membersOf(union)
    .map((member) => row(group, String(member['type']), fields(member as Block)))
}

function blockOf(type: string): Block {
  const found = examples.membersOf('BetaContentBlockParam').find((block) => block['type'] === type)
  if (found === undefined) throw new Error(`The SDK has no block ${type} any more.`)
  return found as Block
}

function without(block: Block, name: string): Block {
  return Object.fromEntries(Object.entries(block).filter(([field]) => field !== name)) as Block
}

/** A block for each value that one of its fields may have. */
function within(type: string, field: string): [name: string, block: Block][] {
  const owners = { image: 'BetaImageBlockParam', document: 'BetaRequestDocumentBlock' }
  const owner = owners[type as keyof typeof owners] ?? 'BetaToolResultBlockParam'
  const declared = examples.fieldsOf(owner).find(({ name }) => name === field)
  if (declared === undefined) throw new Error(`${owner} has no ${field} any more.`)
  return examples.alternativesOf(declared.type).map((value) => {
    const inside = (Array.isArray(value) ? value[0] : value) as Block
    const name = typeof value === 'string' ? 'text alone' : inside.type
    return [name, { ...without(blockOf(type), 'is_error'), [field]: value }]
  })
}

/** A conversation with a block in a place that the API accepts. */
function around(block: Block, isAssistants = ASSISTANTS.has(block.type)): object[] {
  const next = { role: 'user', content: 'Go on.' }
  if (block.type === 'tool_addition' || block.type === 'tool_removal') {
    return [...HELLO, { role: 'system', content: [block] }]
  }
  if (block.type === 'tool_use') {
    const result = { type: 'tool_result', tool_use_id: block['id'], content: 'Seen.' }
    return [...HELLO, said(block), { role: 'user', content: [result] }]
  }
  if (block.type === 'tool_result') {
    const call = { type: 'tool_use', id: block['tool_use_id'], name: 'name_made_up', input: {} }
    return [...HELLO, said(call), { role: 'user', content: [block] }, said('Seen.'), next]
  }
  if (isAssistants) return [...HELLO, said(...withCompanion(block)), next]
  const content = [block, { type: 'text', text: 'Look.' }]
  return [{ role: 'user', content }, said('Seen.'), { role: 'user', content }]
}

const ASSISTANTS = new Set(
  examples
    .membersOf('BetaContentBlock')
    .map(({ type }) => String(type))
    .filter((type) => type !== 'text' && type !== 'container_upload'),
)

/** Calls of server tools and their results are neighbours. */
function withCompanion(block: Block): object[] {
  const id = 'tool_use_id_made_up'
  if (block.type === 'mcp_tool_use') return [block, resultFor('mcp_tool_result', block['id'])]
  if (block.type === 'server_tool_use') {
    const call = { ...block, name: 'web_search' }
    return [call, resultFor('web_search_tool_result', block['id'])]
  }
  if (block.type === 'mcp_tool_result') return [{ ...blockOf('mcp_tool_use'), id }, block]
  if (!block.type.endsWith('_tool_result')) return [block, { type: 'text', text: 'So it is.' }]
  const name = block.type
    .replace('_tool_result', '')
    .replace('tool_search', 'tool_search_tool_regex')
  return [{ type: 'server_tool_use', id, name, input: {} }, block]
}

function resultFor(type: string, id: unknown): Block {
  return { ...blockOf(type), tool_use_id: id }
}

function said(...content: unknown[]): object {
  const [only] = content
  return { role: 'assistant', content: typeof only === 'string' ? only : content }
}

function replyRows(): ReplyRow[] {
  const reasons = examples.valuesOf('BetaStopReason')
  return [
    ...examples.membersOf('BetaContentBlock').map((member) => {
      const block = member as Block
      return reply('blocks of a reply', block.type, [start(block), stop(0)], reasonFor(block))
    }),
    ...examples.membersOf('BetaRawContentBlockDelta').map((member) => {
      const delta = { ...member, ...DELTA_VALUES[String(member['type'])] } as Block
      const events = [start(emptyFor(delta.type)), { type: 'content_block_delta', index: 0, delta }]
      const block = emptyFor(delta.type)
      return reply('deltas', delta.type, [...events, stop(0)], reasonFor(block))
    }),
    ...reasons.map((reason) => reply('stop reasons', reason, HELLO_BLOCK, reason)),
    ...examples.membersOf('BetaRawMessageStreamEvent').map((member) => {
      const event = member as Block
      return reply('events', event.type, HELLO_BLOCK, 'end_turn', event)
    }),
  ]
}

const DELTA_VALUES: Record<string, Fields> = {
  input_json_delta: { partial_json: '{"place":"Chios"}' },
}

function start(block: Block): Block {
  return { type: 'content_block_start', index: 0, content_block: block }
}

function stop(index: number): Block {
  return { type: 'content_block_stop', index }
}

const HELLO_BLOCK: Block[] = [
  start({ type: 'text', text: '', citations: null }),
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello.' } },
  stop(0),
]

/** The beginning of the block that the delta belongs to. */
function emptyFor(delta: string): Block {
  switch (delta) {
    case 'thinking_delta':
    case 'signature_delta':
      return { type: 'thinking', thinking: '', signature: '' }
    case 'input_json_delta':
      return { type: 'tool_use', id: 'toolu_made_up', name: TOOL.name, input: {} }
    case 'compaction_delta':
      return { type: 'compaction', content: null, encrypted_content: null }
    default:
      return { type: 'text', text: '', citations: null }
  }
}

function reasonFor({ type }: Block): string {
  return type === 'tool_use' ? 'tool_use' : 'end_turn'
}

/** @param event only its additional fields are needed */
function reply(
  group: string,
  name: string,
  blocks: Block[],
  reason: string,
  event?: Block,
): ReplyRow {
  return { group, name, blocks, reason, events: event ? { [event.type]: event } : {} }
}

/** The stream of a reply. */
export function streamOf({ blocks, reason, events }: ReplyRow): Block[] {
  const stream: Block[] = [
    { type: 'message_start', message: { ...MESSAGE } },
    ...blocks,
    { type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage: USAGE },
    { type: 'message_stop' },
  ]
  return stream.map((usual) => {
    const event = events[usual.type]
    return event ? filled(usual, event) : usual
  })
}

const USAGE = { output_tokens: 7 }

const MESSAGE = {
  id: 'msg_made_up',
  type: 'message',
  role: 'assistant',
  model: MODEL,
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 5, output_tokens: 1 },
}

/** The fields of an example, with the usual event's values if there are any. */
function filled(usual: Block, example: Block): Block {
  const fields = Object.entries({ ...example, ...usual }).map(([name, value]) => {
    const other = example[name]
    const areObjects = isObject(value) && isObject(other)
    return [name, areObjects ? { ...other, ...value } : value]
  })
  return Object.fromEntries(fields) as Block
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
