// No port, and no server to start: the client calls the proxy inside this program.
import Anthropic from '@anthropic-ai/sdk'
import { createProxy } from 'claude-sub-proxy'

const proxy = await createProxy({ idleTimeout: 60_000 })
try {
  const client = new Anthropic({ fetch: proxy.fetch, apiKey: 'unused' })
  const message = await client.messages.create({
    model: 'claude-sonnet-4-6',
    max_tokens: 1000,
    messages: [{ role: 'user', content: 'Say hello.' }],
  })
  for (const block of message.content) if (block.type === 'text') console.log(block.text)
} finally {
  // Without this, the processes of the runtime keep the program alive.
  await proxy.close()
}
