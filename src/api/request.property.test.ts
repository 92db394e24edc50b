import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import {
  anyJson,
  anyText,
  brokenText,
  fieldsOf,
  withReplacement,
} from '../../test/support/arbitraries.ts'
import { anyRequest } from '../../test/support/requests.ts'
import { ApiError } from '../errors.ts'
import { parseJson } from './parse-json.ts'
import { parseMessagesRequest } from './request.ts'

/** The request, or the message with which it was refused as the API refuses one. */
async function parsed(text: string): Promise<unknown> {
  try {
    return parseMessagesRequest(await parseJson(text))
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    expect(error).toMatchObject({ type: 'invalid_request_error', status: 400 })
    expect(error.message.length).toBeLessThan(3000)
    return error.message
  }
}

test('a valid request is accepted with the values of its text', async () => {
  await fc.assert(
    fc.asyncProperty(anyRequest, async (request) => {
      const text = JSON.stringify(request)
      expect(await parsed(text)).toEqual(JSON.parse(text))
    }),
  )
})

test('a request with any value in any place is accepted unchanged, or refused', async () => {
  await fc.assert(
    fc.asyncProperty(withReplacement(anyRequest, anyJson), async (body) => {
      const text = JSON.stringify(body)
      const result = await parsed(text)
      if (typeof result !== 'string')
        expect(JSON.stringify(result)).toBe(JSON.stringify(JSON.parse(text)))
    }),
    { numRuns: 300 },
  )
})

test('any text is accepted as a request, or refused', async () => {
  const almostJson = fc.tuple(anyRequest, fc.nat(), anyText).map(([request, place, piece]) => {
    const text = JSON.stringify(request)
    const cut = place % (text.length + 1)
    return text.slice(0, cut) + piece + text.slice(cut)
  })
  await fc.assert(
    fc.asyncProperty(fc.oneof(anyText, almostJson), async (text) => void (await parsed(text))),
  )
})

test('a request with a lone surrogate in any place is refused', async () => {
  await fc.assert(
    fc.asyncProperty(withReplacement(anyRequest, brokenText), async (body) => {
      expect(await parsed(JSON.stringify(body))).toMatch(/surrogate|Input should be/)
    }),
  )
})

test('no content of a request changes a prototype', async () => {
  const before = Object.getOwnPropertyNames(Object.prototype)
  await fc.assert(
    fc.asyncProperty(fieldsOf(anyJson), anyRequest, async (hostile, request) => {
      const body = { ...request, ['__proto__']: hostile, constructor: { prototype: hostile } }
      await parsed(JSON.stringify(body))
      expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
      expect(Object.keys({})).toEqual([])
    }),
  )
})
