import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

import { MAX_DEPTH, MAX_VALUES } from '../../src/api/json-limits.ts'
import { INHERITED, REFUSED } from '../../src/config/child-environment.ts'
import { SETTING_KEYS } from '../../src/config/options.ts'
import { codeSpans, headingAnchors, linesBetween, linkTargets } from './markdown.ts'

const FOLDER = new URL('../../docs/', import.meta.url)
const SECURITY = readFileSync(new URL('security.md', FOLDER), 'utf8')

test('the table of variables has those that the runtime’s process inherits', () => {
  const rows = INHERITED.map(({ purpose, names }) => {
    const spans = names.split(' ').map((name) => `\`${name}\``)
    return `| ${purpose} | ${spans.join(', ')} |\n`
  })
  const between = ['<!-- oxfmt-ignore-start -->\n', '\n<!-- oxfmt-ignore-end -->'] as const
  expect(linesBetween(SECURITY, ...between)).toBe(
    `| for | variables |\n|---|---|\n${rows.join('')}`,
  )
})

test('all exceptions are named', () => {
  const [, exceptions = ''] =
    /These are excluded, although they match a name above: ([^.]*)\./.exec(SECURITY) ?? []
  expect(codeSpans(exceptions).toSorted()).toEqual([...REFUSED].toSorted())
})

test('the named limits are those of the code', () => {
  expect(SECURITY).toContain(`nested more than ${MAX_DEPTH} levels deep`)
  expect(MAX_VALUES).toBe(1_000_000)
})

test('the named settings exist', () => {
  const named = codeSpans(SECURITY).filter((span) => /^[a-z]+(?:_[a-z]+)+$/.test(span))
  expect(named).toContain('proxy_api_key')
  expect(named.filter((name) => !SETTING_KEYS.some((key) => key === name))).toEqual([])
})

test('the links lead to existing files and headings', () => {
  const anchors = headingAnchors(SECURITY)
  const targets = linkTargets(SECURITY)
  expect(targets).not.toHaveLength(0)
  const broken = targets.filter((target) =>
    target.startsWith('#')
      ? !anchors.includes(target)
      : !existsSync(fileURLToPath(new URL(target, FOLDER))),
  )
  expect(broken).toEqual([])
})
