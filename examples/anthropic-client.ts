import Anthropic from '@anthropic-ai/sdk'

const client = new Anthropic({
  baseURL: process.env['ANTHROPIC_BASE_URL'] ?? 'http://localhost:42069',
  apiKey: process.env['ANTHROPIC_API_KEY'] ?? 'unused',
})

const stream = client.messages.stream({
  model: 'claude-sonnet-4-6',
  max_tokens: 1000,
  messages: [{ role: 'user', content: 'Say hello.' }],
})
stream.on('text', (text) => process.stdout.write(text))
const message = await stream.finalMessage()
console.log(`\n${message.usage.output_tokens} tokens`)
