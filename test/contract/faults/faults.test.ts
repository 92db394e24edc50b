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
    await scene.close()
    await until(() => descriptors() <= descriptorsBefore)
  })

  test.each(faults)('$stage, $fault: $gets', async (fault) => {
    const { stage, gets, requests, timeout, strike } = fault
    const told = await strike(scene)
    expect(told.what).toBe(gets)
    if (requests !== undefined) expect(told.requests, 'requests upstream').toBe(requests)
    if (isHopeless !== true) {
      // If the API failed, it has continued meanwhile. If the runtime failed, all its processes were
      // affected.
      if (stage !== 'the API') await scene.goOnBeside()
      await scene.expectServes()
    }
    const left = await scene.leftovers()
    expect(left).toBe('nothing')
    const time = timeout ? `\`${timeout}\`` : (told.milliseconds / 1000).toFixed(1)
    rows.push({ stage, fault: fault.fault, gets: told.what, time, left })
  })
})

/** How many files, pipes and sockets this process has open. */
function descriptors(): number {
  return readdirSync('/proc/self/fd').length
}
