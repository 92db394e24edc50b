import { describe, expect, it } from 'vitest'
import { ConfigError } from './config-error.ts'
import { parseCommandLine } from './command-line.ts'

it('the values are returned by key, as text', () => {
  expect(parseCommandLine(['--port', '80', '--log-level=debug', '--config', 'a.txt'])).toEqual({
    values: { port: '80', log_level: 'debug', config: 'a.txt' },
    help: false,
    version: false,
    flags: [],
    positionals: [],
  })
})

it('the flags of a command are returned', () => {
  expect(parseCommandLine(['doctor', '--turn', '--json']).flags).toEqual(['json', 'turn'])
})

it('arguments that are no options are returned in order', () => {
  expect(parseCommandLine(['doctor', '--port=1', 'x', '--', '--host']).positionals).toEqual([
    'doctor',
    'x',
    '--host',
  ])
})

it.each([['--help'], ['-h']])('%s asks for help', (flag) => {
  expect(parseCommandLine([flag]).help).toBe(true)
})

it.each([['--version'], ['-v']])('%s asks for the version', (flag) => {
  expect(parseCommandLine([flag]).version).toBe(true)
})

it.each([
  [['--tools-enabled'], 'true'],
  [['--no-tools-enabled'], 'false'],
  [['--tools-enabled=false'], 'false'],
  [['--tools-enabled=maybe'], 'maybe'],
  [['--tools-enabled', '--no-tools-enabled'], 'false'],
])('a switch is read from %j', (argv, value) => {
  expect(parseCommandLine(argv).values.tools_enabled).toBe(value)
})

it('the last value of a repeated option counts', () => {
  expect(parseCommandLine(['--port=1', '--port', '2']).values.port).toBe('2')
})

it('a value after = may start with a dash, and contain =', () => {
  expect(parseCommandLine(['--system-prompt=--a=b']).values.system_prompt).toBe('--a=b')
})

describe('a wrong argument stops the start with a line that names the fix', () => {
  it.each([
    [['--prot', '1'], '--prot: unknown option; did you mean --port?'],
    [['--no-tool-enabled'], '--no-tool-enabled: unknown option; did you mean --no-tools-enabled?'],
    [
      ['--spares', '1'],
      '--spares is no longer needed: one process stays warm, and max_processes is the limit',
    ],
    [['--no-port'], '--no-port: unknown option; did you mean --port?'],
    [['--temperature=1'], '--temperature: unknown option; see --help'],
    [['-p', '1'], '-p: unknown option; see --help'],
    [['--port'], '--port: a value is missing: use a whole number from 0 to 65535'],
    [['--port='], '--port: a value is missing: use a whole number from 0 to 65535'],
    [['--port', ''], '--port: a value is missing: use a whole number from 0 to 65535'],
    [
      ['--port', '--host', 'a'],
      '--port: a value is missing (write a value that starts with - as --port=-…): use a whole number from 0 to 65535',
    ],
    [['--help=yes'], '--help: this option takes no value'],
    [['--no-tools-enabled=1'], '--no-tools-enabled: this option takes no value'],
  ])('%j', (argv, message) => {
    expect(() => parseCommandLine(argv)).toThrow(new ConfigError(message))
  })
})

it('the value of an unknown option is not shown', () => {
  expect(() => parseCommandLine(['--proxy-key=hush'])).toThrow(/^(?!.*hush)/)
})

it('an unknown option is named in one line, whatever its name', () => {
  expect(() => parseCommandLine(['--a\r\n\u001B[2Jb'])).toThrow(
    /^--a\\x0d\\x0a\\x1b\[2Jb: unknown option; see --help$/,
  )
})

describe('a switch takes no value', () => {
  it.each([
    [['--tools-enabled', 'true'], '--tools-enabled takes no value: leave true out'],
    [
      ['--tools-enabled', 'off'],
      '--tools-enabled takes no value: for "no", write --no-tools-enabled',
    ],
    [['--no-tools-enabled', '1'], '--no-tools-enabled takes no value: leave 1 out'],
  ])('%j is refused with the reason', (args, message) => {
    expect(() => parseCommandLine(args)).toThrow(new ConfigError(message))
  })

  it('and a command may follow a switch', () => {
    expect(parseCommandLine(['--tools-enabled', 'serve']).positionals).toEqual(['serve'])
  })
})
