import type { Config } from '../config/config.ts'
import type { Environment } from '../config/environment.ts'
import { createQuietProxy } from './quiet-proxy.ts'
import { interruptible } from './stop-signals.ts'
import { showWaiting } from './waiting.ts'

type Model = { id: string; display_name: string }

/**
 * Lists the models of the login. It asks the runtime, needs no running server, and is not billed.
 */
export async function models(config: Config, env: Environment, isJson: boolean): Promise<void> {
  await interruptible(async (signal) => {
    const listed = await showWaiting('Asking the runtime', listModels(config, env, signal), env)
    process.stdout.write(
      isJson ? `${JSON.stringify(listed, null, 2)}\n` : renderModels(listed, config),
    )
  })
}

async function listModels(config: Config, env: Environment, signal: AbortSignal): Promise<Model[]> {
  const proxy = await createQuietProxy(config, env, signal)
  try {
    const response = await proxy.fetch('http://localhost/v1/models?limit=1000', { signal })
    return ((await response.json()) as { data: Model[] }).data
  } finally {
    await proxy.close()
  }
}

/** One line for each model: its name in requests, its title, and a mark on the default. */
export function renderModels(
  listed: readonly Model[],
  { modelDefault }: Pick<Config, 'modelDefault'>,
): string {
  const width = Math.max(...listed.map(({ id }) => id.length), 0)
  const lines = listed.map(({ id, display_name: name }) => {
    const mark = id === modelDefault ? ' (model_default)' : ''
    return `${id.padEnd(width)}  ${name}${mark}`.trimEnd()
  })
  return lines.map((line) => `${line}\n`).join('')
}
