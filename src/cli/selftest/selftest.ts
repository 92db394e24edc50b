import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Config } from '../../config/config.ts'
import type { Environment } from '../../config/environment.ts'
import { createProxy, type Proxy } from '../../proxy.ts'
import { VERSION } from '../../version.ts'
import { interruptible } from '../stop-signals.ts'
import { STEPS } from './steps.ts'
import { type SelftestStandin, startStandin } from './standin.ts'

/**
 * Checks that everything works on this machine, with the real runtime and a stand-in for the
 * model's API on 127.0.0.1. It uses a temporary home folder and a made-up key, so no login is read
 * and nothing goes to the network. The exit code is 1 if a step fails.
 */
export async function selftest(config: Config, env: Environment): Promise<void> {
  await interruptible(async (signal) => {
    const folder = await mkdtemp(join(tmpdir(), 'claude-sub-proxy-'))
    let standin: SelftestStandin | undefined
    let proxy: Proxy | undefined
    try {
      process.stdout.write(
        `claude-sub-proxy ${VERSION}, ${process.platform} ${process.arch}, Node.js ${process.versions.node}\n`,
      )
      standin = await startStandin()
      const since = performance.now()
      proxy = await createProxy({
        host: '127.0.0.1',
        port: 0,
        claudePath: config.claudePath,
        maxProcesses: 2,
        env: await isolated(env, folder, standin.url),
        signal,
      })
      const { url } = await proxy.listen()
      tell('ok', 'the runtime starts, and the server listens', since)
      const failed = await runSteps({ url, standin, signal })
      const closing = performance.now()
      await proxy.close()
      tell('ok', 'the server stops, and every process with it', closing)
      process.stdout.write(
        failed === 0
          ? 'Everything works on this machine.\n'
          : `${failed} of ${STEPS.length} steps failed.\n`,
      )
      if (failed > 0) process.exitCode = 1
    } finally {
      await proxy?.close()
      await standin?.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  })
}

/** @returns the number of failed steps */
async function runSteps(scene: Parameters<(typeof STEPS)[number]['run']>[0]): Promise<number> {
  let failed = 0
  for (const { name, run } of STEPS) {
    scene.signal.throwIfAborted()
    const since = performance.now()
    try {
      await run(scene)
      tell('ok', name, since)
    } catch (error) {
      failed += 1
      tell('failed', name, since)
      process.stdout.write(`         ${error instanceof Error ? error.message : String(error)}\n`)
    }
  }
  return failed
}

function tell(outcome: 'ok' | 'failed', name: string, since: number): void {
  const milliseconds = Math.round(performance.now() - since)
  process.stdout.write(`${outcome.padEnd(8)} ${name} (${milliseconds} ms)\n`)
}

/**
 * The variables that programs need to run. The second and third line are for Windows, which spells
 * `Path`.
 */
const PASSED_VARIABLES: ReadonlySet<string> = new Set(
  `PATH LANG TZ TMPDIR TEMP TMP
  SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT USERNAME PROGRAMDATA PROGRAMFILES
  PROCESSOR_ARCHITECTURE CLAUDE_CODE_GIT_BASH_PATH`.split(/\s+/),
)

/** An environment in which the runtime finds no login and no settings of the user. */
async function isolated(
  env: Environment,
  folder: string,
  url: string,
): Promise<Record<string, string>> {
  const home = join(folder, 'home')
  const settings = join(home, '.claude')
  await mkdir(settings, { recursive: true })
  return {
    ...Object.fromEntries(
      Object.entries(env).filter((entry): entry is [string, string] => {
        const [name, value] = entry
        return value !== undefined && PASSED_VARIABLES.has(name.toUpperCase())
      }),
    ),
    HOME: home,
    USERPROFILE: home,
    CLAUDE_CONFIG_DIR: settings,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: 'sk-ant-api03-made-up-for-the-selftest',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  }
}
