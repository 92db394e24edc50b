import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { parseCommandLine } from './command-line.ts'
import { renderConfigType, renderExample, renderHelp, renderTable } from './help.ts'
import { loadConfig } from './load.ts'
import { OPTION_KEYS, SETTING_KEYS } from './options.ts'

describe('--help', () => {
  it('fits 80 columns', () => {
    const help = renderHelp([{ name: 'doctor', help: 'say what is right and wrong '.repeat(9) }])
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  it('has a flag for every option, and the command line accepts each', () => {
    const shown = [...renderHelp().matchAll(/^ {2}--(?:\[no-\])?([a-z-]+)/gm)].map(
      ([, name]) => name,
    )
    expect(shown).toHaveLength(OPTION_KEYS.length)
    for (const name of shown) {
      expect(Object.keys(parseCommandLine([`--${name}=x`]).values)).toHaveLength(1)
    }
  })

  it('lists the commands of the program', () => {
    const help = renderHelp([{ name: 'doctor', help: 'check the login' }])
    expect(help).toContain('Usage: claude-sub-proxy [command] [options]\n')
    expect(help).toMatch(/^Commands:\n {2}doctor {2,}check the login\n/m)
    expect(renderHelp()).not.toContain('ommand]')
  })

  it('shows each default and its reason', () => {
    expect(renderHelp()).toMatch(/--queue-limit <number> {2,}maximum [^-]*\(default 1000\)\n/)
  })
})

describe('the table', () => {
  it('has the columns and rows of the option table', () => {
    const [head, rule, ...rows] = renderTable().trimEnd().split('\n')
    expect([head, rule]).toEqual(['| key, variable | default | meaning |', '|---|---|---|'])
    expect(rows).toHaveLength(OPTION_KEYS.length)
    expect(rows[0]).toBe('| `port`<br>`CSP_PORT` | 42069 | port to listen on; 0 picks a free one |')
    expect(rows).toContainEqual(expect.stringMatching(/^\| `proxy_api_key`<br>.* \| empty \| /))
    expect(rows.at(-1)).toMatch(/^\| `--config`<br>`CSP_CONFIG` \| empty \| /)
  })
})

test('the comments of Config describe each setting with its unit and default', () => {
  const source = readFileSync(new URL('config.ts', import.meta.url), 'utf8')
  expect(source).toBe(renderConfigType())
  expect(source).toContain('milliseconds')
})

describe('the example file', () => {
  const machine = { cores: 2, freeMemoryBytes: 2 ** 33, container: false }
  const load = (text: string): ReturnType<typeof loadConfig> =>
    loadConfig({ values: {}, env: {}, readFile: () => text, machine })

  it('is config.example.txt', () => {
    const file = new URL('../../config.example.txt', import.meta.url)
    expect(readFileSync(file, 'utf8')).toBe(renderExample())
  })

  it('changes nothing, neither as it is nor with every line switched on', () => {
    const everything = renderExample().replaceAll(/^#(?=[a-z_]+ =)/gm, '')
    const loaded = load(everything)
    expect(loaded.warnings).toEqual([])
    expect(loaded.config).toEqual(load(renderExample()).config)
    expect(loaded.sources.port).toMatch(/^config\.txt:\d+$/)
    expect(everything.match(/^[a-z_]+ =/gm)).toHaveLength(SETTING_KEYS.length)
  })
})
