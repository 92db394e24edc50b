import { createAnthropic } from '@ai-sdk/anthropic'
import { generateText, streamText } from 'ai'

const anthropic = createAnthropic({
  baseURL: `${process.env['ANTHROPIC_BASE_URL'] ?? 'http://localhost:42069'}/v1`,
  apiKey: process.env['ANTHROPIC_API_KEY'] ?? 'unused',
})
const model = anthropic('claude-sonnet-4-6')
const { text } = await generateText({ model, prompt: 'Say hello.' })
console.log(text)

const { textStream } = streamText({
  model,
  prompt: 'Say hello again.',
})
for await (const part of textStream) process.stdout.write(part)
console.log()
