import { type CommandLine, parseCommandLine } from '../config/command-line.ts'
import { ConfigError } from '../config/config-error.ts'
import {
  type Environment,
  readEnvironment,
  readMachine,
  readTextFile,
} from '../config/environment.ts'
import { loadConfig, type LoadedConfig } from '../config/load.ts'
import type { Machine } from '../config/machine.ts'
import { nearest } from '../config/nearest.ts'
import { VERSION } from '../version.ts'
import { type CommandName, COMMANDS } from './commands.ts'
import { explain } from './explain.ts'
import { surviveClosedOutput } from './output.ts'

/**
 * Runs the command on the command line. Errors go to stderr, one line each, and the exit code is 1.
 * Each command is imported only when it is used: most load the SDK, which takes a second.
 */
export async function run(argv: readonly string[]): Promise<void> {
  surviveClosedOutput([process.stdout, process.stderr])
  try {
    const line = parseCommandLine(argv)
    if (line.help) {
      process.stdout.write(await helpFor(line.positionals[0]))
    } else if (line.version) process.stdout.write(`${VERSION}\n`)
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

async function helpFor(named: string | undefined): Promise<string> {
  const command = COMMANDS.find(({ name }) => name === named)
  if (command === undefined || command.name === 'serve') {
    const { renderHelp } = await import('../config/help.ts')
    return renderHelp(COMMANDS)
  }
  const { renderCommandHelp } = await import('./command-help.ts')
  return renderCommandHelp(command)
}

async function perform(line: CommandLine, env: Environment): Promise<void> {
  const [named = 'serve', ...others] = line.positionals
  const { name, flags, takesArguments } = commandNamed(named)
  const misplaced = line.flags.find((flag) => !flags.some((known) => known === flag))
  if (misplaced !== undefined) {
    throw new ConfigError(`--${misplaced}: not an option of ${name}; see ${name} --help`)
  }
  if (!takesArguments && others.length > 0) {
    throw new ConfigError(`${name}: unexpected argument ${others.join(' ')}; see ${name} --help`)
  }
  const machine = readMachine(env)
  const isJson = line.flags.includes('json')
  switch (name) {
    case 'serve': {
      const { serve } = await import('./serve.ts')
      return serve(load(line, env, machine), machine, env)
    }
    case 'doctor': {
      const { doctor } = await import('./doctor.ts')
      return doctor({ load: () => load(line, env, machine), machine, env, flags: line.flags })
    }
    case 'status': {
      const { config } = load(line, env, machine)
      const { status } = await import('./status.ts')
      return status(config, isJson)
    }
    case 'models': {
      const { config } = load(line, env, machine)
      const { models } = await import('./models.ts')
      return models(config, env, isJson)
    }
    case 'run': {
      const { config } = load(line, env, machine)
      const { runProgram } = await import('./run-program.ts')
      return runProgram(config, env, others)
    }
    case 'setup': {
      const { config } = load(line, env, machine)
      const { setup } = await import('./setup/setup.ts')
      const { flags: given } = line
      const mode = given.includes('undo') ? 'undo' : given.includes('write') ? 'write' : 'show'
      return setup(config, env, others, mode)
    }
    case 'selftest': {
      const { selftest } = await import('./selftest/selftest.ts')
      return selftest(load(line, env, machine).config, env)
    }
    case 'login': {
      const { config } = load(line, env, machine)
      const { login } = await import('./login.ts')
      return login(config)
    }
    case 'keys': {
      const { config } = load(line, env, machine)
      const { keys } = await import('./keys.ts')
      return keys(config.keys, others)
    }
    case 'completion': {
      const { completionFor } = await import('./completion.ts')
      return void process.stdout.write(completionFor(others))
    }
    default:
      throw new TypeError(`unknown command: ${String(name satisfies never)}`)
  }
}

function load({ values }: CommandLine, env: Environment, machine: Machine): LoadedConfig {
  return loadConfig({ values, env, readFile: readTextFile, machine })
}

function commandNamed(named: string): (typeof COMMANDS)[number] {
  const command = COMMANDS.find(({ name }) => name === named)
  if (command !== undefined) return command
  const names: readonly CommandName[] = COMMANDS.map(({ name }) => name)
  const hint = HINTS.get(named) ?? nearestHint(nearest(named, names))
  throw new ConfigError(`${named}: unknown command; ${hint}`)
}

/** Words that people try because other programs have them. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ['start', 'to start the server, give no command, or serve'],
  ['stop', 'to stop the server, press Ctrl-C in its terminal, or send it SIGTERM'],
  ['help', 'see --help'],
  ['version', 'see --version'],
])

function nearestHint(near: string | undefined): string {
  return near === undefined ? 'see --help' : `did you mean ${near}?`
}
