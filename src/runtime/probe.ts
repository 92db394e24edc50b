import {
  type ModelInfo,
  type Options,
  query,
  type SDKUserMessage,
} from '@anthropic-ai/claude-agent-sdk'

import { Deferred } from '../deferred.ts'
import { InputQueue } from './input-queue.ts'
import type { Launcher } from './launcher.ts'
import type { RuntimeProcess } from './runtime-process.ts'

export type Probe = {
  /** The models of this login, as the runtime lists them. */
  models: readonly ListedModel[]
}

/** What the runtime says and the SDK's type leaves out: whether thinking can be switched off. */
export type ListedModel = ModelInfo & { supportsThinkingOff?: boolean }

/**
 * Starts a process, asks what it knows, and ends it. Nothing goes upstream. From then on the
 * launcher knows what a process is started from.
 *
 * @param timeout milliseconds that the process may take for its answer
 * @throws Error where it is no runtime, or did not answer in time
 */
export async function probe(launcher: Launcher, options: Options, timeout: number): Promise<Probe> {
  const input = new InputQueue<SDKUserMessage>()
  let probed: RuntimeProcess | undefined
  const asked = query({
    prompt: input,
    options: {
      ...options,
      systemPrompt: '',
      spawnClaudeCodeProcess: ({ command, args, cwd, env }) => {
        probed = launcher.take({ command, args, cwd, env })
        return probed.child
      },
    },
  })
  const late = new Deferred<never>()
  const timer = setTimeout(() => late.reject(new Error('it does not answer')), timeout)
  try {
    const { models } = await Promise.race([asked.initializationResult(), late.promise])
    return { models }
  } catch (cause) {
    const { command = 'the runtime' } = launcher.launch ?? {}
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`${command} could not be started as Claude Code: ${reason}`, { cause })
  } finally {
    clearTimeout(timer)
    probed?.stop()
    input.close()
    asked.close()
    await probed?.exited
  }
}
