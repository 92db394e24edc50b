import { expect, test } from 'vitest'

import { newRequestId } from './request-id.ts'

test("an id has the API's form, and no two are equal", () => {
  const ids = Array.from({ length: 100 }, newRequestId)
  for (const id of ids) expect(id).toMatch(/^req_[0-9a-f]{24}$/)
  expect(new Set(ids).size).toBe(100)
})
