import { expect, test } from 'vitest'

import { servedPath } from './served-path.ts'

function served(path: string): string {
  return servedPath(new Request(`http://localhost:42069${path}`))
}

test.each([
  ['/v1/messages', '/v1/messages'],
  ['/v1/messages?beta=true', '/v1/messages'],
  ['/v1/messages/', '/v1/messages'],
  ['//v1/messages', '/v1/messages'],
  ['/v1//messages///count_tokens//', '/v1/messages/count_tokens'],
  ['/v1/v1/messages', '/v1/messages'],
  ['/v1/v1/v1/chat/completions', '/v1/chat/completions'],
  ['/messages', '/v1/messages'],
  ['/messages/count_tokens', '/v1/messages/count_tokens'],
  ['/chat/completions', '/v1/chat/completions'],
  ['/responses/resp_1', '/v1/responses/resp_1'],
  ['/models', '/v1/models'],
  ['/anthropic/v1/messages', '/v1/messages'],
  ['/openai/v1/chat/completions/', '/v1/chat/completions'],
  ['/v1/models/anthropic/v1/made-up', '/v1/models/anthropic/v1/made-up'],
  ['/v1/models/a%20b', '/v1/models/a b'],
  ['/', '/'],
  ['//', '/'],
  ['/health/', '/health'],
  ['/v1', '/v1'],
  ['/v1/', '/v1'],
  ['/v1/health', '/v1/health'],
  ['/v1/message', '/v1/message'],
  ['/auth/status', '/auth/status'],
  ['/constructor', '/constructor'],
])('%s means %s', (path, meant) => {
  expect(served(path)).toBe(meant)
})
