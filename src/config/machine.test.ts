import { describe, expect, it } from 'vitest'
import { explainMaxProcesses, freeMemoryOf, maxProcessesOf } from './machine.ts'

const GIGABYTE = 1024 ** 3

describe('the number of processes', () => {
  it.each([
    ['eight for each core', 2, 64, 16],
    ['at most 32', 64, 256, 32],
    ['at least 1, however little memory there is', 8, 0.1, 1],
    ['as many as half of the free memory holds', 16, 4, 10],
    ['eight on a single core', 1, 64, 8],
  ])('is %s', (_, cores, gigabytes, expected) => {
    expect(maxProcessesOf({ cores, freeMemoryBytes: gigabytes * GIGABYTE })).toBe(expected)
  })
})

it.each([
  [2, 16, 'limited by 2 cores; 16.0 GB of free memory would allow 40'],
  [1, 64, 'limited by 1 core; 64.0 GB of free memory would allow 163'],
  [16, 4, 'limited by half of 4.0 GB of free memory; 16 cores would allow 128'],
  [64, 256, 'the maximum; 64 cores, 256.0 GB of free memory'],
])('with %i cores and %i GB the number is explained', (cores, gigabytes, expected) => {
  expect(explainMaxProcesses({ cores, freeMemoryBytes: gigabytes * GIGABYTE })).toBe(expected)
})

describe('free memory', () => {
  it('is the value of the system', () => {
    expect(freeMemoryOf({ platform: 'linux', free: 5, total: 16, limit: 0 })).toBe(5)
  })

  it('is never more than the limit of the container', () => {
    expect(freeMemoryOf({ platform: 'linux', free: 5, total: 16, limit: 2 })).toBe(2)
    expect(freeMemoryOf({ platform: 'linux', free: 5, total: 16, limit: 2 ** 64 })).toBe(5)
  })

  it('is assumed to be a quarter of all memory on macOS, where caches do not count as free', () => {
    expect(freeMemoryOf({ platform: 'darwin', free: 0.1, total: 16, limit: 0 })).toBe(4)
    expect(freeMemoryOf({ platform: 'darwin', free: 9, total: 16, limit: 0 })).toBe(9)
  })
})
