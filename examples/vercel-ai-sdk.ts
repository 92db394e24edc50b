import { createAnthropic } from '@ai-sdk/anthropic'
import { streamText } from 'ai'

const anthropic = createAnthropic({
  baseURL: `${process.env['ANTHROPIC_BASE_URL'] ?? 'http://localhost:42069'}/v1`,
  apiKey: process.env['ANTHROPIC_API_KEY'] ?? 'unused',
})
const { textStream } = streamText({
  model: anthropic('claude-sonnet-4-6'),
  prompt: 'Say hello.',
})
for await (const part of textStream) process.stdout.write(part)
console.log()
