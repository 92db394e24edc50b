import { expect, test } from 'vitest'

import { parseCommandLine } from '../config/command-line.ts'
import { renderCommandHelp } from './command-help.ts'
import { COMMANDS } from './commands.ts'
import { SETUP_CLIENTS } from './setup/clients.ts'

test.each(COMMANDS)('the help of $name is short, and names its flags', (command) => {
  const help = renderCommandHelp(command)
  expect(help).toMatch(new RegExp(`^Usage: claude-sub-proxy ${command.name}\\b`))
  expect(help.split('\n').filter((line) => line.length > 80)).toEqual([])
  for (const flag of command.flags) expect(help).toMatch(new RegExp(`^  --${flag} +\\S`, 'm'))
})

test('examples and usages are command lines of their command', () => {
  for (const { name, usages, examples } of COMMANDS) {
    for (const example of examples) {
      expect(parseCommandLine(example.split(' ')).positionals[0]).toBe(name)
    }
    for (const usage of usages) expect(usage.split(' ')[0]).toBe(name)
  }
})

test('the help of setup names every client', () => {
  const { about } = COMMANDS.find(({ name }) => name === 'setup') ?? { about: '' }
  for (const { name } of SETUP_CLIENTS) expect(about).toContain(name)
})
