import OpenAI from 'openai'

const client = new OpenAI({
  baseURL: process.env['OPENAI_BASE_URL'] ?? 'http://localhost:42069/v1',
  apiKey: process.env['OPENAI_API_KEY'] ?? 'unused',
})

const stream = await client.chat.completions.create({
  model: 'claude-sonnet-4-6',
  messages: [{ role: 'user', content: 'Say hello.' }],
  stream: true,
})
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')
console.log()

const response = await client.responses.create({
  model: 'claude-sonnet-4-6',
  input: 'Say hello.',
})
console.log(response.output_text)
