import { query, type SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'

export type ColdTiming = { firstDelta: number; end: number }

/**
 * A cold start, like in a proxy that starts the runtime for each request: one `query()` of the SDK
 * with the client's system prompt, no tools and no settings. Returns milliseconds until the first
 * delta and until the end.
 */
export async function coldStart(
  env: Record<string, string>,
  cwd: string,
  system: string,
  prompt: string,
): Promise<ColdTiming> {
  const startedAt = performance.now()
  let firstDelta: number | undefined
  for await (const message of query({ prompt, options: optionsFor(env, cwd, system) })) {
    if (message.type !== 'stream_event') continue
    if (message.event.type === 'content_block_delta') firstDelta ??= performance.now() - startedAt
  }
  if (firstDelta === undefined) throw new Error('A cold start brought no reply.')
  return { firstDelta, end: performance.now() - startedAt }
}

/** A running process, to measure how long the SDK alone takes to pass on a reply. */
export class WarmQuery {
  readonly #prompts: ((prompt: SDKUserMessage) => void)[] = []
  readonly #query

  constructor(env: Record<string, string>, cwd: string) {
    const prompts = this.#prompts
    this.#query = query({
      prompt: (async function* () {
        for (;;) yield await new Promise<SDKUserMessage>((resolve) => prompts.push(resolve))
      })(),
      options: optionsFor(env, cwd, 'Be brief.'),
    })
  }

  /** Milliseconds from the first delta of a reply to its end. */
  async relay(prompt: string): Promise<number> {
    this.#prompts.shift()?.({
      type: 'user',
      message: { role: 'user', content: prompt },
      parent_tool_use_id: null,
    })
    let firstDelta: number | undefined
    for (;;) {
      const { value: message, done } = await this.#query.next()
      if (done) throw new Error('The process ended before its reply.')
      if (message.type !== 'stream_event') {
        if (message.type === 'result') throw new Error('The turn ended without a reply.')
        continue
      }
      if (message.event.type === 'content_block_delta') firstDelta ??= performance.now()
      if (message.event.type === 'message_stop') {
        await this.#untilResult()
        return performance.now() - (firstDelta ?? NaN)
      }
    }
  }

  close(): void {
    this.#query.close()
  }

  async #untilResult(): Promise<void> {
    for (;;) {
      const { value: message, done } = await this.#query.next()
      if (done || message.type === 'result') return
    }
  }
}

function optionsFor(env: Record<string, string>, cwd: string, systemPrompt: string) {
  return {
    env,
    cwd,
    systemPrompt,
    model: 'claude-sonnet-4-6',
    tools: [],
    settingSources: [],
    includePartialMessages: true,
  }
}
