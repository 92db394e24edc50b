import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const FOLDER = fileURLToPath(new URL('../../.claude/skills', import.meta.url))
const NAMES = readdirSync(FOLDER)

test('there is a skill for each task', () => {
  expect(NAMES.toSorted()).toEqual([
    'configure-proxy',
    'setup-claude-sub-proxy',
    'setup-embedded',
    'setup-standalone',
  ])
})

test('nothing else in .claude changes how Claude Code works in a clone', () => {
  expect(readdirSync(join(FOLDER, '..'))).toEqual(['skills'])
})

describe.each(NAMES)('%s', (name) => {
  const text = readFileSync(join(FOLDER, name, 'SKILL.md'), 'utf8')
  const [, head = '', body = ''] = /^---\n([^]*?)\n---\n([^]*)$/.exec(text) ?? []

  test('has a description, and says when to use it', () => {
    const fields = parse(head) as Record<string, string>
    expect(Object.keys(fields)).toEqual(['name', 'description'])
    expect(fields['name']).toBe(name)
    expect(fields['description']).toContain('Use it')
    // Longer ones are cut: https://code.claude.com/docs/en/skills
    expect(fields['description']?.length).toBeLessThan(1024)
  })

  test('checks with doctor, and refers to existing skills', () => {
    expect(body).toContain('doctor --json')
    const named = [...body.matchAll(/`((?:setup|configure)-[\w-]+)`/g)].map(
      ([, other = '']) => other,
    )
    expect(named.filter((other) => !NAMES.includes(other))).toEqual([])
  })
})
