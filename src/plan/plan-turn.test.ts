import { describe, expect, test } from 'vitest'

import type { Message, MessagesRequest } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { extendLineage } from './lineage.ts'
import { type PlanContext, planTurn } from './plan-turn.ts'
import type { Turn } from './turn.ts'
import { atOnce } from '../steps.ts'

const HELLO: Message = { role: 'user', content: 'Hello' }
const HI: Message = { role: 'assistant', content: 'Hi' }

const CONTEXT: PlanContext = {
  defaults: { model: 'claude-sonnet-4-6' },
  betas: [],
  describeModel: (id) => ({ id, alwaysThinks: false }),
}

function plan(request: Partial<MessagesRequest> = {}, context: Partial<PlanContext> = {}): Turn {
  return atOnce(planTurn({ messages: [HELLO], ...request }, { ...CONTEXT, ...context }))
}

function bodyOf(turn: Turn): unknown {
  return JSON.parse(turn.settings.extraBody)
}

describe('a turn', () => {
  test('of the smallest request has only defaults', () => {
    expect(plan()).toEqual({
      model: 'claude-sonnet-4-6',
      system: '',
      tools: [],
      settings: {
        extraBody: '{"tools":[]}',
        betas: '',
        headers: '',
        runtimeCaching: true,
        cacheLifetime: '',
        runtimeThinking: 'off',
      },
      history: [],
      prompt: 'Hello',
      lineages: [expect.any(String)],
      lineage: expect.any(String),
      promptLineage: expect.any(String),
      answers: undefined,
      maxTokens: undefined,
      isForced: false,
      mayBeRepaired: false,
      mayLoseThoughts: false,
    })
  })

  test('may drop earlier thoughts, unless the client decides that itself', () => {
    const thought = { type: 'thinking', thinking: 'Hm.', signature: 'made-up' }
    const messages: Message[] = [
      HELLO,
      { role: 'assistant', content: [thought, { type: 'text', text: 'Hi' }] },
      HELLO,
    ]
    expect(plan({ messages })).toMatchObject({ mayBeRepaired: true, mayLoseThoughts: true })
    const thinking = {
      type: 'adaptive',
      block_binding: { prefix_mismatch_behavior: 'error' },
    } as NonNullable<MessagesRequest['thinking']>
    expect(plan({ messages, thinking })).toMatchObject({ mayLoseThoughts: false })
  })

  test('has the last message as its prompt, and the others as its history', () => {
    const { history, prompt } = plan({ messages: [HELLO, HI, { role: 'user', content: 'Bye' }] })
    expect(history).toEqual([HELLO, HI])
    expect(prompt).toBe('Bye')
  })

  test('has no prompt if the assistant is to continue', () => {
    const { history, prompt, lineage } = plan({ messages: [HELLO, HI] })
    expect(history).toEqual([HELLO, HI])
    expect(prompt).toEqual([])
    expect(lineage).toBe(plan({ messages: [HELLO, HI, HELLO] }).lineage)
  })

  test('joins neighbours of one role into one message', () => {
    const { history, prompt } = plan({ messages: [HELLO, HI, HELLO, HELLO] })
    expect(history).toEqual([HELLO, HI])
    expect(prompt).toEqual([
      { type: 'text', text: 'Hello' },
      { type: 'text', text: 'Hello' },
    ])
  })

  test('has the lineage of everything before its prompt', () => {
    const first = plan()
    const second = plan({ messages: [HELLO, HI, HELLO] })
    expect(second.lineage).toBe([HELLO, HI].reduce(extendLineage, first.lineage))
    expect(plan({ messages: [{ role: 'user', content: 'Other' }] }).lineage).toBe(first.lineage)
  })

  test.each<Partial<MessagesRequest>>([
    { temperature: 0 },
    { max_tokens: 5 },
    { stream: true },
    { thinking: { type: 'enabled', budget_tokens: 1024 } },
    { stop_sequences: ['a'] },
  ])('keeps its lineage with settings for this turn alone: %j', (fields) => {
    expect(plan(fields).lineage).toBe(plan().lineage)
  })

  test.each<[Partial<MessagesRequest>, Partial<PlanContext>]>([
    [{ model: 'claude-haiku-4-5' }, {}],
    [{ system: 'Be brief.' }, {}],
    [{ tools: [{ name: 'a', input_schema: { type: 'object' } }] }, {}],
    [{ cache_control: { type: 'ephemeral', ttl: '1h' } }, {}],
    [{}, { betas: ['made-up-2026-01-01'] }],
  ])(
    'has another lineage with settings that a process can not change: %j %j',
    (fields, context) => {
      expect(plan(fields, context).lineage).not.toBe(plan().lineage)
    },
  )
})

describe('defaults', () => {
  const defaults = { model: 'claude-haiku-4-5', system: 'Be kind.', maxThinkingTokens: 2048 }

  test('are used if the request sets nothing', () => {
    const turn = plan({}, { defaults })
    expect(turn).toMatchObject({ model: 'claude-haiku-4-5', system: 'Be kind.' })
    expect(bodyOf(turn)).toEqual({
      thinking: { type: 'enabled', budget_tokens: 2048 },
      tools: [],
    })
  })

  test("come after the request's own system prompt", () => {
    const thinking = { type: 'enabled', budget_tokens: 1024 }
    const turn = plan({ model: 'claude-opus-4-6', system: 'Be brief.', thinking }, { defaults })
    expect(turn).toMatchObject({ model: 'claude-opus-4-6', system: 'Be brief.' })
    expect(bodyOf(turn)).toEqual({ thinking, tools: [] })
  })

  test('come after an empty system prompt as well', () => {
    expect(plan({ system: '' }, { defaults }).system).toBe('')
    expect(plan({ system: [] }, { defaults }).system).toBe('')
  })
})

describe('settings', () => {
  test('carry parameters, thinking, and a list of tools that MCP can not carry', () => {
    const tools = [{ name: 'a', input_schema: { type: 'object' }, strict: true }]
    const thinking = { type: 'adaptive' }
    const turn = plan({ max_tokens: 9, made_up: [1], thinking, tools })
    expect(bodyOf(turn)).toEqual({ max_tokens: 9, made_up: [1], thinking, tools })
    expect(turn.settings.runtimeThinking).toBe('on')
    expect(turn.tools.map(({ name }) => name)).toEqual(['a'])
  })

  test('carry the tools unchanged', () => {
    const tools = [{ name: 'a', description: 'A.', input_schema: { type: 'object' } }]
    expect(bodyOf(plan({ tools }))).toEqual({ tools })
  })

  test('carry each beta once, in order', () => {
    expect(plan({}, { betas: ['b', 'a', 'b'] }).settings.betas).toBe('b,a')
  })

  test("tell if the client's cache breakpoints leave the runtime no room", () => {
    const cached = { cache_control: { type: 'ephemeral', ttl: '1h' } }
    expect(plan(cached).settings.runtimeCaching).toBe(false)
    expect(plan().settings.runtimeCaching).toBe(true)
  })
})

describe('a model is named', () => {
  test('by the name that the runtime resolves', () => {
    const context: Partial<PlanContext> = {
      describeModel: (name) => ({ id: `claude-${name}-4-6`, alwaysThinks: false }),
    }
    expect(plan({ model: 'sonnet' }, context).model).toBe('claude-sonnet-4-6')
  })

  test('and thinking is switched off only for models that allow it', () => {
    const context: Partial<PlanContext> = {
      describeModel: (id) => ({ id, alwaysThinks: true }),
    }
    expect(bodyOf(plan({ top_p: 0.5 }, context))).toEqual({ top_p: 0.5, tools: [] })
  })
})

describe('a request that can not be sent is invalid', () => {
  test.each<[string, Partial<MessagesRequest>, RegExp]>([
    ['a conversation without a user', { messages: [HI] }, /^messages: .*user/],
    ['a thread', { thread: { id: 'a' } }, /^thread: /],
  ])('%s', (_name, request, message) => {
    const error = errorOf(() => plan(request))
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ type: 'invalid_request_error', status: 400 })
    expect((error as ApiError).message).toMatch(message)
  })

  test("but any other failure is the proxy's own", () => {
    const broken = new TypeError('made up')
    const describeModel = (): never => {
      throw broken
    }
    expect(errorOf(() => plan({}, { describeModel }))).toBe(broken)
  })
})

function errorOf(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return undefined
}
