import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { COMMANDS } from '../../../src/cli/commands.ts'
import { renderHelp } from '../../../src/config/help.ts'
import { flagOf } from '../../../src/config/names.ts'
import { OPTION_KEYS } from '../../../src/config/options.ts'
import { VERSION } from '../../../src/version.ts'
import { buildOnce, type CommandEnd, endCommands, runCommand } from '../../support/command.ts'
import { runCommandHere } from '../../support/command-here.ts'
import { makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import { LONGEST_WAIT } from '../../support/until.ts'

/** Nothing listens there: these commands end before any request. */
const NOWHERE = 'http://127.0.0.1:9'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = makeSandbox(NOWHERE)
})

afterEach(async () => {
  await endCommands(sandbox)
  sandbox.remove()
})

function run(args: string[], env: Record<string, string> = {}): Promise<CommandEnd> {
  return runCommandHere({ args, env: { ...sandbox.env, ...env }, cwd: sandbox.workFolder })
}

/** In a process of its own, as a user runs it. */
function runAlone(...args: string[]): Promise<CommandEnd> {
  return runCommand({ args, env: sandbox.env, cwd: sandbox.workFolder })
}

function writeConfig(text: string): void {
  writeFileSync(join(sandbox.workFolder, 'config.txt'), text)
}

/** Expects a failure with one line that has each of the parts, and nothing else. */
function expectOneLine(end: CommandEnd, ...parts: string[]): void {
  expect(end).toMatchObject({ code: 1, signal: null, stdout: '' })
  expect(end.stderr).toMatch(/^claude-sub-proxy: [^\n]+\n$/)
  for (const part of parts) expect(end.stderr).toContain(part)
}

describe('the command', () => {
  test.each(['--help', '-h'])('shows every option with %s', async (flag) => {
    const end = await run([flag])

    expect(end).toMatchObject({ code: 0, stderr: '', stdout: renderHelp(COMMANDS) })
    for (const key of OPTION_KEYS)
      expect(end.stdout).toMatch(new RegExp(`--(\\[no-\\])?${flagOf(key)}\\b`))
  })

  test.each(['--version', '-v'])('shows the version with %s', async (flag) => {
    expect(await run([flag])).toMatchObject({ code: 0, stderr: '', stdout: `${VERSION}\n` })
  })

  test('shows them as a program too, and ends', async () => {
    expect(await runAlone('--help')).toEqual(await run(['--help']))
    expect(await runAlone('-v')).toEqual(await run(['-v']))
  })

  test('shows the help of one command after its name', async () => {
    const { stdout } = await run(['setup', '--help'])
    expect(stdout).toMatch(
      /^Usage: claude-sub-proxy setup CLIENT [^]*--undo[^]*claude-sub-proxy --help\n$/,
    )
    expect(stdout).not.toContain('doctor')
    expect(await run(['serve', '--help'])).toEqual(await run(['--help']))
  })

  test('shows help and version with any configuration', async () => {
    writeConfig('port = none\n')
    expect(await run(['--help'])).toMatchObject({ code: 0, stderr: '' })
    expect(await run(['--version'])).toMatchObject({ code: 0, stderr: '' })
  })
})

/** A module hook that writes where each import leads. */
const TELL_IMPORTS = `data:text/javascript,${encodeURIComponent(`
  import { register } from 'node:module'
  const hook = \`export async function resolve(name, context, next) {
    const found = await next(name, context)
    process._rawDebug('import ' + found.url)
    return found
  }\`
  register('data:text/javascript,' + encodeURIComponent(hook))
`)}`

/** Runs a program of Node.js to its end. @returns its output, and the packages that it loads */
async function loaded(args: string[]): Promise<{ stdout: string; packages: string[] }> {
  await buildOnce()
  const { stderr, stdout } = spawnSync(process.execPath, ['--import', TELL_IMPORTS, ...args], {
    env: sandbox.env,
    cwd: sandbox.workFolder,
    encoding: 'utf8',
    timeout: LONGEST_WAIT,
  })
  const imported = [...stderr.matchAll(/^import (\S+)$/gm)].map(([, url = '']) => url)
  expect(imported).toContainEqual(expect.stringMatching(/\/dist\/\w+\/run\.js$|\/dist\/proxy\.js$/))
  const packages = imported.flatMap((url) => url.split('/node_modules/').slice(1))
  return { stdout, packages: [...new Set(packages.map((path) => path.split('/', 1)[0] ?? path))] }
}

const DIST = new URL('../../../dist/', import.meta.url)

test.each([['--version'], ['--help'], ['--prot'], ['strat'], ['completion bash'], ['login x']])(
  '%s loads only the package for similar names: each package costs time',
  async (line) => {
    const { packages } = await loaded([
      fileURLToPath(new URL('cli/main.js', DIST)),
      ...line.split(' '),
    ])
    expect(packages.filter((name) => name !== 'fastest-levenshtein')).toEqual([])
  },
)

test('importing the library starts nothing, ends by itself, and loads no package of a database', async () => {
  const { stdout, packages } = await loaded(['-e', `import('${new URL('index.js', DIST).href}')`])
  expect(stdout).toBe('')
  expect(packages).toContain('hono')
  for (const name of ['kysely', 'pg', '@photostructure']) expect(packages).not.toContain(name)
})

describe('a wrong command line', () => {
  test.each([
    ['an option that is not known', ['--prot', '1'], ['--prot', 'did you mean --port']],
    ['an option without a similar one', ['--zzzzzz'], ['--zzzzzz', '--help']],
    ['a command that is not known', ['strat'], ['strat', 'unknown command']],
    ['a mistyped command', ['docter'], ['docter', 'did you mean doctor?']],
    ['a word for the start', ['start'], ['start', 'give no command, or serve']],
    ['a word for the stop, which is near another command', ['stop'], ['stop', 'Ctrl-C']],
    ['a word after the command', ['serve', '8080'], ['8080']],
    ['an option of another command', ['models', '--turn'], ['--turn', 'models']],
    ['a shell that is not known', ['completion', 'cmd'], ['cmd', 'bash, zsh or fish']],
    ['an option without its value', ['--port'], ['--port', 'a whole number from 0 to 65535']],
  ])('with %s has one line of error', async (_name, args, parts) => {
    expectOneLine(await run(args), ...parts)
  })
})

test('ends the program with one line of error', async () => {
  expectOneLine(await runAlone('strat'), 'strat', 'unknown command')
  expectOneLine(await runAlone('--port', '99999'), '--port', "'99999'")
})

describe('an invalid value has one line with source, key, value and the allowed values', () => {
  const ALLOWED = 'a whole number from 0 to 65535'

  test('from the command line', async () => {
    expectOneLine(await run(['--port', '99999']), '--port', "'99999'", ALLOWED)
  })

  test('from the environment', async () => {
    expectOneLine(await run([], { CSP_PORT: 'http' }), 'CSP_PORT', 'port', "'http'", ALLOWED)
  })

  test('from the file', async () => {
    writeConfig('# mine\nport = 1.5\n')
    expectOneLine(await run([]), 'config.txt:2', 'port', "'1.5'", ALLOWED)
  })

  test('and a secret is not shown', async () => {
    const end = await run([], { CSP_PROXY_API_KEY: 'hush hush' })
    expectOneLine(end, 'CSP_PROXY_API_KEY', 'proxy_api_key')
    expect(end.stderr).not.toContain('hush')
  })

  test('for tools without a folder', async () => {
    expectOneLine(await run(['--tools-enabled']), '--tools-enabled', 'tools_folder')
  })

  test('for tools that everyone in the network could use', async () => {
    const args = ['--tools-enabled', '--tools-folder', sandbox.workFolder, '--host', '0.0.0.0']
    expectOneLine(await run(args), '--tools-enabled', 'proxy_api_key', '0.0.0.0')
  })
})

test('serving the network without a key is refused, unless the option for it is set', async () => {
  expectOneLine(await run(['--host', '0.0.0.0']), '--host', 'proxy_api_key', 'dangerously_open')
})

test('all errors and warnings are shown at once, one a line', async () => {
  writeConfig('port = none\nprot = 1\nport = 99999\nqueue: 1\n')
  const { stderr, stdout, code } = await run([])
  expect({ stdout, code }).toEqual({ stdout: '', code: 1 })
  expect(stderr.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^warning: config\.txt:2: prot .*did you mean port\?/),
    expect.stringMatching(/^warning: config\.txt:3: port was already given on line 1/),
    expect.stringMatching(/^claude-sub-proxy: config\.txt:4: /),
    expect.stringMatching(/^claude-sub-proxy: config\.txt:3: port = '99999'/),
  ])
})

describe('a configuration file', () => {
  test('that is named must exist', async () => {
    const path = join(sandbox.folder, 'nowhere.txt')
    expectOneLine(await run([], { CSP_CONFIG: path }), 'CSP_CONFIG', path)
    expectOneLine(await run(['--config', path]), '--config', path)
  })

  test('that can not be parsed has an error with the line number', async () => {
    writeConfig('port 8080\n')
    expectOneLine(await run([]), 'config.txt:1', 'key = value')
  })

  test('that is a folder has one line of error', async () => {
    expectOneLine(await run(['--config', sandbox.workFolder]), sandbox.workFolder)
  })
})
