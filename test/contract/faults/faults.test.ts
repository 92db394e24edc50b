import { readdirSync, writeFileSync } from 'node:fs'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { ACTS } from './faults.ts'
import { openScene, type Scene } from './scene.ts'
import { type Row, withTable } from './table.ts'
import { until } from '../../support/until.ts'

/** With `FAULT_TABLE=1` this run writes the table in docs/faults.md. */
const isTableWanted = process.env['FAULT_TABLE'] === '1'

const rows: Row[] = []

afterAll(() => {
  const all = Object.values(ACTS).flatMap(({ faults }) => faults)
  if (isTableWanted && rows.length === all.length)
    withTable((path, text) => writeFileSync(path, text), rows)
})

describe.each(Object.entries(ACTS))('%s', (_name, { options, variables, faults, isHopeless }) => {
  let scene: Scene
  let descriptorsBefore: number

  beforeAll(async () => {
    descriptorsBefore = descriptors()
    scene = await openScene(options, variables)
    if (isHopeless !== true) await scene.begin()
  })

  afterAll(async () => {
    await scene.bench.remove()
    await until(() => descriptors() <= descriptorsBefore)
  })

  test.each(faults)('$stage, $fault: $gets', async ({ stage, fault, gets, strike }) => {
    // If the API fails, other conversations continue meanwhile; if the runtime fails, all its
    // processes are affected.
    const isAside = isHopeless !== true && stage === 'the API'
    const [{ what, milliseconds }] = await Promise.all([
      strike(scene),
      isAside && scene.goOnBeside(),
    ])
    expect(what).toBe(gets)
    if (isHopeless !== true && !isAside) await scene.goOnBeside()
    if (isHopeless !== true) await scene.expectServes()
    const left = await scene.leftovers()
    expect(left).toBe('nothing')
    rows.push({ stage, fault, gets: what, seconds: milliseconds / 1000, left })
  })
})

/** How many files, pipes and sockets this process has open. */
function descriptors(): number {
  return readdirSync('/proc/self/fd').length
}
