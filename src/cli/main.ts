#!/usr/bin/env node
import { parseCommandLine } from '../config/command-line.ts'
import { ConfigError } from '../config/config-error.ts'
import { readEnvironment, readMachine, readTextFile } from '../config/environment.ts'
import { renderHelp } from '../config/help.ts'
import { loadConfig } from '../config/load.ts'
import { stateFolderOf } from '../config/state-folder.ts'
import { VERSION } from '../version.ts'
import { explain } from './explain.ts'
import { serve } from './serve.ts'

try {
  const { values, help, version, positionals } = parseCommandLine(process.argv.slice(2))
  const [command = 'serve', ...others] = positionals
  if (help) process.stdout.write(renderHelp())
  else if (version) process.stdout.write(`${VERSION}\n`)
  else if (command !== 'serve') throw new ConfigError(`${command}: there is no such command`)
  else if (others.length > 0) throw new ConfigError(`${others.join(' ')}: not expected here`)
  else {
    const env = readEnvironment()
    await serve(
      loadConfig({ values, env, readFile: readTextFile, machine: readMachine(env) }),
      stateFolderOf(env, process.platform),
    )
  }
} catch (error) {
  process.stderr.write(`claude-sub-proxy: ${explain(error)}\n`)
  process.exitCode = 1
}
