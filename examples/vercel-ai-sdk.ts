import { createAnthropic } from '@ai-sdk/anthropic'
import { generateText, streamText } from 'ai'

const anthropic = createAnthropic({
  baseURL: `${process.env['ANTHROPIC_BASE_URL'] ?? 'http://localhost:42069'}/v1`,
  apiKey: process.env['ANTHROPIC_API_KEY'] ?? 'unused',
})
const question = { model: anthropic('claude-sonnet-4-6'), prompt: 'Say hello.' }

const { text } = await generateText(question)
console.log(text)

for await (const part of streamText(question).textStream) process.stdout.write(part)
console.log()
