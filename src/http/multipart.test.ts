import { setImmediate } from 'node:timers/promises'

import { afterEach, expect, test, vi } from 'vitest'

import { ApiError } from '../errors.ts'
import { readUpload } from './multipart.ts'

afterEach(() => {
  vi.useRealTimers()
})

/** An upload whose rest does not come. */
function unfinished(): Request {
  const beginning =
    '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nmade up'
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Buffer.from(beginning)),
  })
  const headers = { 'content-type': 'multipart/form-data; boundary=x' }
  const init = { method: 'POST', body, duplex: 'half', headers } as RequestInit
  return new Request('http://localhost/', init)
}

test('an upload that stalls is refused, and is not stored', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const stored = vi.fn<() => void>()
  const refused = expect(
    readUpload(unfinished(), async (_name, content) => {
      for await (const _ of content);
      stored()
    }),
  ).rejects.toMatchObject({ type: 'timeout_error', status: 408 })
  await vi.advanceTimersByTimeAsync(20_000)
  await refused
  expect(stored).not.toHaveBeenCalled()
})

test.each([
  ['before it is read', 0],
  ['while it is read', 1],
])('an upload that can not be stored %s fails, and the server stays up', async (_name, reads) => {
  const full = new ApiError('api_error', 'The disk is full.', { status: 507 })
  const store = async (_filename: string, content: AsyncIterable<Uint8Array>) => {
    if (reads === 0) throw full
    for await (const _ of content) throw full
  }
  await expect(readUpload(unfinished(), store)).rejects.toBe(full)
  // An error without a listener would be reported in the next rounds, and fail this test.
  for (let round = 0; round < 5; round += 1) await setImmediate()
})
