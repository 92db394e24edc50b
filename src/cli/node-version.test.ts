import { readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { nodeProblem, OLDEST_NODE } from './node-version.ts'

test.each(['20.19.0', '20.20.2', '22.0.0', '24.1.0'])('Node.js %s is new enough', (version) => {
  expect(nodeProblem(version)).toBeUndefined()
})

test.each(['20.18.9', '18.20.4', '8.0.0'])('Node.js %s is too old', (version) => {
  expect(nodeProblem(version)).toBe(
    `Node.js ${version} is too old: install 20.19 or newer (https://nodejs.org)`,
  )
})

test('the oldest version is that of package.json', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { engines } = JSON.parse(text) as { engines: { node: string } }
  expect(engines.node).toBe(`>=${OLDEST_NODE}`)
})
