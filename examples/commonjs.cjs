// A CommonJS program that uses the library: node commonjs.cjs
const { default: Anthropic } = require('@anthropic-ai/sdk')
const { createProxy } = require('claude-sub-proxy')

async function main() {
  const proxy = await createProxy()
  try {
    const client = new Anthropic({ fetch: proxy.fetch, apiKey: 'unused' })
    const message = await client.messages.create({
      model: 'claude-sonnet-4-6',
      max_tokens: 1000,
      messages: [{ role: 'user', content: 'Say hello.' }],
    })
    for (const block of message.content) if (block.type === 'text') console.log(block.text)
  } finally {
    await proxy.close()
  }
}

void main()
