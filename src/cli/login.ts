import { spawn } from 'node:child_process'

import type { Config } from '../config/config.ts'
import { commandOf, runtimeExecutable } from '../inspect.ts'
import { foreground } from './foreground.ts'

/**
 * Runs the runtime's own `auth login` in this terminal. The login stays between the runtime and the
 * user: this program sees none of it.
 *
 * @throws Error if there is no runtime, or it can't be started
 */
export async function login(config: Config): Promise<void> {
  const path = runtimeExecutable(config.claudePath)
  if (path === undefined) throw new Error('the Claude Code runtime is not installed')
  const [command, ...args] = commandOf(path)
  const child = spawn(command, [...args, 'auth', 'login'], { stdio: 'inherit' })
  process.exitCode = await foreground(child)
}
