import { error } from '../../test/support/answers.ts'
import type { Standin } from '../../test/support/standin.ts'

/** The question of the recording. */
export const QUESTION = {
  model: 'claude-sonnet-4-6',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Say hello.' }],
}

const MODELS = ['claude-sonnet-4-6', 'claude-haiku-4-5', 'claude-opus-4-6']

type Message = { role: string; content: unknown }

/** Makes requests that fill the page: continued conversations, and an error. */
export async function askForPage(url: string, standin: Standin): Promise<void> {
  for (const [index, model] of MODELS.entries()) {
    const messages: Message[] = []
    for (let turn = 0; turn <= index; turn += 1) {
      messages.push({ role: 'user', content: `Question ${turn}.` })
      messages.push({ role: 'assistant', content: await ask(url, model, messages) })
    }
  }
  standin.reply(error(529, 'overloaded_error', 'Overloaded'))
  await ask(url, 'claude-sonnet-4-6', [{ role: 'user', content: 'Once more.' }])
  await ask(url, 'claude-sonnet-4-6', [{ role: 'user', content: 'And again.' }])
}

async function ask(url: string, model: string, messages: readonly Message[]): Promise<unknown> {
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 1000, messages }),
  })
  return ((await response.json()) as { content?: unknown }).content
}
