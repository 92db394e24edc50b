import { execFileSync, spawnSync } from 'node:child_process'

import { describe, expect, test } from 'vitest'

import { completionFor } from './completion.ts'
import { renderModels } from './models.ts'
import { addressOf } from './server.ts'
import { renderStatus } from './status.ts'

test('models are listed one a line, with the default marked', () => {
  const listed = [
    { id: 'claude-sonnet-4-6', display_name: 'Sonnet 4.6' },
    { id: 'opus', display_name: 'Opus' },
  ]
  expect(renderModels(listed, { modelDefault: 'claude-sonnet-4-6' })).toBe(
    'claude-sonnet-4-6  Sonnet 4.6 (model_default)\nopus               Opus\n',
  )
})

test('a status has the login, the usage, and the windows of the plan', () => {
  const text = renderStatus({
    url: 'http://localhost:42069',
    health: { status: 'ok', version: '0.1.0', uptime_seconds: 3725 },
    login: { authenticated: true, source: 'claude.ai', plan: 'max' },
    usage: {
      since_start: { requests: 3, errors: 1, input_tokens: 20, output_tokens: 30 },
      plan: { windows: [{ name: 'five_hour', used: 0.25, resets_at: null }] },
    },
  })
  expect(text.split('\n')).toEqual([
    'address  http://localhost:42069',
    'running  0.1.0 for 1 h 2 min',
    'login    claude.ai login, plan max',
    'usage    3 requests (1 failed), 20 tokens in, 30 tokens out',
    'plan     five_hour 25 % used',
    '',
  ])
})

test.each([
  ['0.0.0.0', 'http://localhost:80'],
  ['::1', 'http://[::1]:80'],
  ['box.example', 'http://box.example:80'],
])('a server on %s is asked at %s', (host, address) => {
  expect(addressOf({ host, port: 80 })).toBe(address)
})

describe('the completion', () => {
  test.each([[[]], [['cmd']], [['bash', 'zsh']]])('for %j is refused', (names) => {
    expect(() => completionFor(names)).toThrow(/bash, zsh or fish/)
  })

  test.skipIf(!isThere('bash'))('for bash completes commands, options and shells', () => {
    expect(completed('doc')).toEqual(['doctor'])
    expect(completed('doctor', '--tu')).toEqual(['--turn'])
    expect(completed('--tools-')).toEqual(['--tools-enabled', '--tools-folder'])
    expect(completed('completion', '')).toEqual(['bash', 'zsh', 'fish'])
  })

  test.each(['bash', 'zsh', 'fish'])('for %s is valid in that shell', (shell) => {
    const script = completionFor([shell])
    for (const word of ['doctor', 'online', 'max-processes']) expect(script).toContain(word)
    if (!isThere(shell)) return
    expect(spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    })
  })
})

/** The words that bash offers to complete the last word. */
function completed(...words: string[]): string[] {
  const script = `${completionFor(['bash'])}
COMP_WORDS=(claude-sub-proxy "$@"); COMP_CWORD=$#; _claude_sub_proxy; printf '%s\\n' "\${COMPREPLY[@]}"`
  const output = execFileSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' })
  return output.trimEnd().split('\n')
}

function isThere(shell: string): boolean {
  return spawnSync(shell, ['-c', 'true']).status === 0
}
