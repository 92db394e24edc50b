import { describe, expect, test } from 'vitest'

import { ApiError } from '../../errors.ts'
import { customTool } from '../custom-tool.ts'
import { parseChatRequest, requestOfChat } from './request.ts'

const HELLO = [{ role: 'user', content: 'Hello' }]
const LOOK = { type: 'function', function: { name: 'look' } }
const LOOK_TOOL = { name: 'look', input_schema: { type: 'object', properties: {} } }

function translated(body: object): unknown {
  return requestOfChat(parseChatRequest({ messages: HELLO, ...body }))
}

/** The error that a request gets. */
function refusal(body: unknown): unknown {
  try {
    requestOfChat(parseChatRequest(body))
    return undefined
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const { status, message, details } = error
    return { status, message, ...details }
  }
}

test.each<[string, object, object]>([
  ['nothing', {}, {}],
  ['a model', { model: 'gpt-4o' }, { model: 'gpt-4o' }],
  ['fields that are null', { model: null, max_tokens: null, tools: null, stop: null }, {}],
  ['max_tokens', { max_tokens: 5 }, { max_tokens: 5 }],
  ['max_completion_tokens', { max_tokens: 5, max_completion_tokens: 6 }, { max_tokens: 6 }],
  ['a temperature', { temperature: 0 }, { temperature: 0 }],
  ["a temperature beyond the API's", { temperature: 1.8 }, { temperature: 1 }],
  ['top_p', { top_p: 0.5 }, { top_p: 0.5 }],
  ['one stop', { stop: 'END' }, { stop_sequences: ['END'] }],
  ['several', { stop: ['A', 'B'] }, { stop_sequences: ['A', 'B'] }],
  ['stream', { stream: true, stream_options: { include_usage: true } }, { stream: true }],
  ['tools', { tools: [LOOK] }, { tools: [LOOK_TOOL] }],
  [
    'a whole tool',
    {
      tools: [
        {
          type: 'function',
          function: {
            name: 'f',
            description: 'D',
            strict: false,
            parameters: { type: 'object', properties: { a: { minimum: 1 } }, made_up: true },
          },
        },
      ],
    },
    {
      tools: [
        {
          name: 'f',
          description: 'D',
          input_schema: { type: 'object', properties: { a: { minimum: 1 } }, made_up: true },
        },
      ],
    },
  ],
  ['n, which is not sent upstream', { n: 3 }, {}],
  [
    'a custom tool, by its name',
    {
      tools: [{ type: 'custom', custom: { name: 'patch', description: 'Patches.' } }],
      tool_choice: { type: 'custom', custom: { name: 'patch' } },
    },
    {
      tools: [customTool({ name: 'patch', description: 'Patches.' })],
      tool_choice: { type: 'tool', name: 'patch' },
    },
  ],
  [
    'a custom tool with a grammar, among those allowed',
    {
      tools: [
        LOOK,
        {
          type: 'custom',
          custom: {
            name: 'patch',
            format: { type: 'grammar', grammar: { syntax: 'regex', definition: 'a+' } },
          },
        },
      ],
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'custom', custom: { name: 'patch' } }] },
      },
    },
    {
      tools: [customTool({ name: 'patch', grammar: { syntax: 'regex', definition: 'a+' } })],
      tool_choice: { type: 'auto' },
    },
  ],
  [
    'functions, one call at a time',
    { functions: [{ name: 'look', description: 'Looks.' }] },
    {
      tools: [{ ...LOOK_TOOL, description: 'Looks.' }],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    },
  ],
  [
    'a function by its name',
    { functions: [{ name: 'look' }], function_call: { name: 'look' } },
    chosen({ type: 'tool', name: 'look', disable_parallel_tool_use: true }),
  ],
  [
    'no function',
    { functions: [{ name: 'look' }], function_call: 'none' },
    chosen({ type: 'none' }),
  ],
  [
    'a search of the web',
    {
      web_search_options: {
        search_context_size: 'low',
        user_location: { type: 'approximate', approximate: { city: 'Oslo', country: 'NO' } },
      },
    },
    {
      tools: [
        {
          type: 'web_search_20250305',
          name: 'web_search',
          user_location: { type: 'approximate', city: 'Oslo', country: 'NO' },
        },
      ],
    },
  ],
  ['no tools', { tools: [], tool_choice: 'auto', parallel_tool_calls: false }, {}],
  ['a choice', choosing('required'), chosen({ type: 'any' })],
  ['no choice', choosing('none'), chosen({ type: 'none' })],
  [
    'a named tool',
    choosing({ type: 'function', function: { name: 'look' } }),
    chosen({ type: 'tool', name: 'look' }),
  ],
  [
    'one call at a time',
    { tools: [LOOK], parallel_tool_calls: false },
    chosen({ type: 'auto', disable_parallel_tool_use: true }),
  ],
  [
    'no call, with one at a time',
    { ...choosing('none'), parallel_tool_calls: false },
    chosen({ type: 'none' }),
  ],
  [
    'a dictionary as the form of an answer, which the API can only be asked for in words',
    {
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'n', schema: { additionalProperties: { type: 'number' } } },
      },
    },
    {
      system: [
        {
          type: 'text',
          text: expect.stringContaining('{"additionalProperties":{"type":"number"}}'),
        },
      ],
    },
  ],
  [
    'the same as a strict one, which is for the API to judge',
    {
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'n', strict: true, schema: { additionalProperties: true } },
      },
    },
    {
      output_config: { format: { type: 'json_schema', schema: { additionalProperties: true } } },
    },
  ],
  ['a form of text', { response_format: { type: 'text' } }, {}],
  [
    'a schema',
    { response_format: { type: 'json_schema', json_schema: { name: 'n', schema: {} } } },
    { output_config: { format: { type: 'json_schema', schema: {} } } },
  ],
  [
    'JSON of any shape',
    { response_format: { type: 'json_object' } },
    { system: [{ type: 'text', text: expect.stringContaining('JSON object') }] },
  ],
  [
    'an effort',
    { reasoning_effort: 'low' },
    {
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: { effort: 'low' },
    },
  ],
  ['minimal effort', { reasoning_effort: 'minimal' }, { output_config: { effort: 'low' } }],
  ['no effort', { reasoning_effort: 'none' }, {}],
  [
    'an effort and a tool that is forced',
    { ...choosing('required'), reasoning_effort: 'high' },
    { ...chosen({ type: 'any' }), output_config: { effort: 'high' } },
  ],
  [
    "the API's own way to think",
    { thinking: { type: 'enabled', budget_tokens: 2000 }, reasoning_effort: 'high' },
    {
      thinking: { type: 'enabled', budget_tokens: 2000 },
      output_config: { effort: 'high' },
    },
  ],
])('%s', (_, asked, expected) => {
  expect(translated(asked)).toEqual({ messages: HELLO, ...expected })
})

function choosing(choice: unknown): object {
  return { tools: [LOOK], tool_choice: choice }
}

function chosen(choice: object): object {
  return { tools: [LOOK_TOOL], tool_choice: choice }
}

describe('messages', () => {
  test('of the user lose an empty text beside an image, because the API would refuse it', () => {
    const image = { type: 'image_url', image_url: { url: 'https://a.example/b.png' } }
    const messages = [{ role: 'user', content: [{ type: 'text', text: '' }, image] }]
    expect(translated({ messages })).toEqual({
      messages: [
        {
          role: 'user',
          content: [{ type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } }],
        },
      ],
    })
  })

  test('of the system at the start become the system prompt, and later ones stay in place', () => {
    const messages = [
      { role: 'system', content: 'One.' },
      { role: 'developer', content: 'Two.' },
      ...HELLO,
      {
        role: 'developer',
        content: [
          { type: 'text', text: 'Th' },
          { type: 'text', text: 'ree.' },
        ],
      },
      { role: 'system', content: '' },
    ]
    expect(translated({ messages })).toEqual({
      messages: [...HELLO, { role: 'system', content: 'Three.' }],
      system: [
        { type: 'text', text: 'One.' },
        { type: 'text', text: 'Two.' },
      ],
    })
  })

  test('of the system go behind the user message that they are in or before', () => {
    const messages = [
      ...HELLO,
      { role: 'assistant', content: '', tool_calls: [call('a', '{}')] },
      { role: 'system', content: 'One.' },
      { role: 'tool', tool_call_id: 'a', content: 'A wall.' },
      { role: 'user', content: 'And?' },
      { role: 'assistant', content: 'No more.' },
      { role: 'system', content: 'Two.' },
    ]
    expect(translated({ messages })).toEqual({
      messages: [
        ...HELLO,
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'look', input: {} }] },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'a', content: 'A wall.' }],
        },
        { role: 'user', content: 'And?' },
        { role: 'system', content: 'One.' },
        { role: 'assistant', content: [{ type: 'text', text: 'No more.' }] },
        {
          role: 'user',
          content: [{ type: 'text', text: '<system_message>\nTwo.\n</system_message>' }],
        },
      ],
    })
  })

  test('of the system alone become the user message', () => {
    const messages = [
      { role: 'system', content: 'One.' },
      { role: 'developer', content: 'Two.' },
    ]
    expect(translated({ messages })).toEqual({
      messages: [{ role: 'user', content: 'One.\n\nTwo.' }],
    })
  })

  test('without content are left out', () => {
    const messages = [
      { role: 'user', content: '' },
      { role: 'user', content: [{ type: 'text', text: ' ' }] },
      ...HELLO,
      { role: 'assistant', content: '\n' },
      { role: 'assistant', content: '', tool_calls: [call('a', '{}')] },
      { role: 'tool', tool_call_id: 'a', content: null },
    ]
    expect(translated({ messages })).toEqual({
      messages: [
        ...HELLO,
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'look', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [] }] },
      ],
    })
  })

  test('of tools go to their calls, however late they come', () => {
    const messages = [
      ...HELLO,
      { role: 'assistant', tool_calls: [call('a', '{}')] },
      { role: 'user', content: 'Well?' },
      { role: 'tool', tool_call_id: 'a', content: 'A wall.' },
    ]
    expect(translated({ messages })).toMatchObject({
      messages: [
        ...HELLO,
        { role: 'assistant' },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'a', content: 'A wall.' },
            { type: 'text', text: 'Well?' },
          ],
        },
      ],
    })
  })

  test('of other providers get ids that the API accepts', () => {
    const id = 'functions.look:0'
    const messages = [
      ...HELLO,
      { role: 'assistant', tool_calls: [call(id, '{}')] },
      { role: 'tool', tool_call_id: id, content: 'A wall.' },
    ]
    const {
      messages: [, asked, answered],
    } = translated({ messages }) as { messages: { content: Record<string, string>[] }[] }
    expect(asked?.content[0]?.['id']).toMatch(/^[\w-]+$/)
    expect(answered?.content[0]?.['tool_use_id']).toBe(asked?.content[0]?.['id'])
  })

  test('of functions belong to the earliest open call of their name', () => {
    const asked = { name: 'look', arguments: '{"x":1}' }
    const messages = [
      ...HELLO,
      { role: 'assistant', content: null, function_call: asked },
      { role: 'function', name: 'look', content: 'A wall.' },
      { role: 'assistant', content: 'Again.', function_call: asked },
      { role: 'function', name: 'look', content: 'A door.' },
    ]
    expect(translated({ messages })).toEqual({
      messages: [
        ...HELLO,
        { role: 'assistant', content: [used('function_call_1')] },
        result('function_call_1', 'A wall.'),
        { role: 'assistant', content: [{ type: 'text', text: 'Again.' }, used('function_call_2')] },
        result('function_call_2', 'A door.'),
      ],
    })
  })

  test('of the assistant have the text of its custom calls', () => {
    const custom = { name: 'patch', input: '*** Begin' }
    const messages = [
      ...HELLO,
      { role: 'assistant', tool_calls: [{ id: 'a', type: 'custom', custom }] },
      { role: 'tool', tool_call_id: 'a', content: 'Done.' },
    ]
    expect(translated({ messages })).toMatchObject({
      messages: [
        ...HELLO,
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 'a', name: 'patch', input: { input: '*** Begin' } }],
        },
        { role: 'user' },
      ],
    })
  })

  test('of the assistant become its text and calls, and are left out if empty', () => {
    const messages = [
      ...HELLO,
      { role: 'assistant', content: null, refusal: null },
      ...HELLO,
      { role: 'assistant', content: null, refusal: 'No.' },
      ...HELLO,
      { role: 'assistant', tool_calls: [call('a', '{"x":1}'), call('b', ''), call('c', '{"x')] },
    ]
    expect(translated({ messages })).toEqual({
      messages: [
        ...HELLO,
        ...HELLO,
        { role: 'assistant', content: [{ type: 'text', text: 'No.' }] },
        ...HELLO,
        {
          role: 'assistant',
          content: [
            { type: 'tool_use', id: 'a', name: 'look', input: { x: 1 } },
            { type: 'tool_use', id: 'b', name: 'look', input: {} },
            // A reply that was cut leaves arguments that are no JSON.
            { type: 'tool_use', id: 'c', name: 'look', input: { INVALID_JSON: '{"x' } },
          ],
        },
      ],
    })
  })
})

function used(id: string): object {
  return { type: 'tool_use', id, name: 'look', input: { x: 1 } }
}

function result(id: string, content: string): object {
  return { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content }] }
}

function call(id: string, text: string): object {
  return { id, type: 'function', function: { name: 'look', arguments: text } }
}

describe('an error names the field', () => {
  test.each<[string, object, string]>([
    ['no choice', { n: 0 }, 'n'],
    ['too many choices', { n: 129 }, 'n'],
    ['audio out', { modalities: ['text', 'audio'] }, 'modalities'],
    ['functions without a name', { functions: [{}] }, 'functions[0].name'],
    ['a function_call that is not known', { function_call: 5 }, 'function_call'],
    ['no messages', { messages: undefined }, 'messages'],
    ['a model that is no text', { model: 5 }, 'model'],
    ['a message without content', { messages: [{ role: 'user' }] }, 'messages[0].content'],
    ['a role that is not known', { messages: [{ role: 'critic' }] }, 'messages[0].role'],
    ['a part that is not known', user({ type: 'made_up' }), 'messages[0].content[0].type'],
    ['an image of the system', system({ type: 'image_url' }), 'messages[0].content[0].type'],
    [
      'audio in',
      user({ type: 'input_audio', input_audio: { data: '', format: 'wav' } }),
      'messages[0].content[0]',
    ],
    [
      'a file without content',
      user({ type: 'file', file: { filename: 'f' } }),
      'messages[0].content[0].file',
    ],
    [
      'a file of another kind',
      user({ type: 'file', file: { file_data: 'data:video/mp4;base64,AA==' } }),
      'messages[0].content[0].file',
    ],
    [
      'an image without an address',
      user({ type: 'image_url', image_url: { url: 'a.png' } }),
      'messages[0].content[0].image_url.url',
    ],
    ['tools of another type', { tools: [{ type: 'made_up' }] }, 'tools[0].type'],
    ['a custom tool without a name', { tools: [{ type: 'custom' }] }, 'tools[0].custom'],
    ['an effort that is not known', { reasoning_effort: 'huge' }, 'reasoning_effort'],
    ['a form that is not known', { response_format: { type: 'xml' } }, 'response_format.type'],
  ])('%s', (_, body, param) => {
    expect(refusal({ messages: HELLO, ...body })).toMatchObject({ status: 400, param })
  })

  test('and a body that is no object is refused', () => {
    expect(refusal([])).toMatchObject({ status: 400, param: null })
  })
})

function system(part: object): object {
  return { messages: [{ role: 'system', content: [part] }] }
}

function user(part: object): object {
  return { messages: [{ role: 'user', content: [part] }] }
}
