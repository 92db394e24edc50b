import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { anyJson, withReplacement } from '../../test/support/arbitraries.ts'
import { anyRequest } from '../../test/support/requests.ts'
import { blocksOf } from '../api/combine.ts'
import { parseMessagesRequest } from '../api/request.ts'
import type { MessagesRequest, SentMessage } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { planTurn, type PlanContext } from './plan-turn.ts'
import type { Turn } from './turn.ts'
import { atOnce } from '../steps.ts'

const CONTEXT: PlanContext = {
  defaults: { model: 'made-up' },
  betas: [],
  describeModel: (id) => ({ id, alwaysThinks: false }),
}

const HAS_OTHER_WAYS = ['model', 'messages', 'system', 'tools', 'thinking', 'stream', 'metadata']

function parsed(request: unknown): MessagesRequest {
  return parseMessagesRequest(JSON.parse(JSON.stringify(request)))
}

/** The content of a conversation, one block after another, without cache breakpoints. */
function said(messages: readonly SentMessage[]): string[] {
  return messages.flatMap((message) =>
    blocksOf(message).map((block) =>
      JSON.stringify([message.role, { ...block, cache_control: undefined }]),
    ),
  )
}

test('a turn has the content of its request, whatever that is', () => {
  fc.assert(
    fc.property(anyRequest, (request) => {
      const body = parsed(request)
      const { history, prompt, settings, model, system } = atOnce(planTurn(body, CONTEXT))

      expect(said([...history, { role: 'user', content: prompt }])).toEqual(said(body.messages))
      expect(model).toBe(body.model ?? 'made-up')
      if (typeof body.system === 'string') expect(system.trimStart()).toBe(body.system.trimStart())
      const sent = JSON.parse(settings.extraBody) as Record<string, unknown>
      for (const [name, value] of Object.entries(body)) {
        if (HAS_OTHER_WAYS.includes(name)) continue
        expect(JSON.stringify(Object.getOwnPropertyDescriptor(sent, name)?.value)).toBe(
          JSON.stringify(value),
        )
      }
      if (body.tools?.length) expect(sent['tools']).toEqual(body.tools)
      expect(Object.keys(sent)).not.toContain('messages')
      expect(Object.keys(sent)).not.toContain('system')
    }),
  )
})

test('the history begins with the user, alternates, and ends with the assistant', () => {
  fc.assert(
    fc.property(anyRequest, (request) => {
      const { history } = atOnce(planTurn(parsed(request), CONTEXT))
      const roles = history.map(({ role }) => role)
      expect(roles).toEqual(roles.map((_, index) => (index % 2 === 0 ? 'user' : 'assistant')))
      expect(history.length % 2).toBe(0)
    }),
  )
})

test('every valid request becomes a turn, or is refused', () => {
  fc.assert(
    fc.property(withReplacement(anyRequest, anyJson), (body) => {
      const turn = turnOrRefusal(body)
      if (turn !== undefined) expect(turn.lineage).toMatch(/^[\w-]{43}$/)
    }),
    { numRuns: 300 },
  )
})

function turnOrRefusal(body: unknown): Turn | undefined {
  try {
    return atOnce(planTurn(parsed(body), CONTEXT))
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    expect(error.status).toBe(400)
    return undefined
  }
}
