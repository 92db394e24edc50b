import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

import { connectionLimit, readDescriptorLimit } from './connection-limit.ts'

test.each([
  [undefined, 16_384],
  [1_048_576, 16_384],
  [20_000, 16_384],
  [10_240, 9216],
  [1024, 512],
  [256, 128],
])('with %j descriptors, connections get %d', (descriptors, connections) => {
  expect(connectionLimit(descriptors)).toBe(connections)
})

test.runIf(process.platform === 'linux')('the number of descriptors is that of Linux', () => {
  const limits = readFileSync('/proc/self/limits', 'utf8')
  const [, soft] = /^Max open files +(\d+)/m.exec(limits) ?? []
  expect(readDescriptorLimit()).toBe(Number(soft))
})
