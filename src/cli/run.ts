import { type CommandLine, parseCommandLine } from '../config/command-line.ts'
import { ConfigError } from '../config/config-error.ts'
import {
  type Environment,
  readEnvironment,
  readMachine,
  readTextFile,
} from '../config/environment.ts'
import { renderHelp } from '../config/help.ts'
import { loadConfig, type LoadedConfig } from '../config/load.ts'
import type { Machine } from '../config/machine.ts'
import { nearest } from '../config/nearest.ts'
import { VERSION } from '../version.ts'
import { type CommandName, COMMANDS } from './commands.ts'
import { completionFor } from './completion.ts'
import { doctor } from './doctor.ts'
import { explain } from './explain.ts'
import { models } from './models.ts'
import { serve } from './serve.ts'
import { status } from './status.ts'

/** Does what the command line says. A failure is told on stderr, a line each, and the exit code is 1. */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    const line = parseCommandLine(argv)
    if (line.help) process.stdout.write(renderHelp(COMMANDS))
    else if (line.version) process.stdout.write(`${VERSION}\n`)
    else await perform(line, readEnvironment())
  } catch (error) {
    const warnings = error instanceof ConfigError ? error.warnings : []
    const lines = [
      ...warnings.map((line) => `warning: ${line}\n`),
      ...explain(error).map((line) => `claude-sub-proxy: ${line}\n`),
    ]
    process.stderr.write(lines.join(''))
    process.exitCode = 1
  }
}

async function perform(line: CommandLine, env: Environment): Promise<void> {
  const [named = 'serve', ...others] = line.positionals
  const { name, words } = commandNamed(named)
  const misplaced = line.words.find((word) => !words.some((known) => known === word))
  if (misplaced !== undefined) throw new ConfigError(`--${misplaced}: not an option of ${name}`)
  if (name !== 'completion' && others.length > 0) {
    throw new ConfigError(`${others.join(' ')}: not expected here`)
  }
  const machine = readMachine(env)
  const isJson = line.words.includes('json')
  switch (name) {
    case 'serve':
      return serve(load(line, env, machine), machine, env)
    case 'doctor':
      return doctor({ load: () => load(line, env, machine), machine, env, words: line.words })
    case 'status':
      return status(load(line, env, machine).config, isJson)
    case 'models':
      return models(load(line, env, machine).config, isJson)
    case 'completion':
      return void process.stdout.write(completionFor(others))
    default:
      throw new TypeError(`unknown command: ${String(name satisfies never)}`)
  }
}

function load({ values }: CommandLine, env: Environment, machine: Machine): LoadedConfig {
  return loadConfig({ values, env, readFile: readTextFile, machine })
}

function commandNamed(named: string): { name: CommandName; words: readonly string[] } {
  const command = COMMANDS.find(({ name }) => name === named)
  if (command !== undefined) return command
  const near = nearest(
    named,
    COMMANDS.map(({ name }) => name),
  )
  const hint = near === undefined ? 'see --help' : `did you mean ${near}?`
  throw new ConfigError(`${named}: there is no such command; ${hint}`)
}
