import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { isContainer, readEnvironment, readMachine, readTextFile } from './environment.ts'

describe('a container', () => {
  it.each(['/.dockerenv', '/run/.containerenv'])('is recognised by %s', (file) => {
    expect(isContainer({}, (path) => path === file)).toBe(true)
  })

  it('is recognised by the variable of Kubernetes', () => {
    expect(isContainer({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, () => false)).toBe(true)
  })

  it('is not recognised elsewhere', () => {
    expect(isContainer({ KUBERNETES_SERVICE_HOST: '' }, () => false)).toBe(false)
  })
})

it('the environment is a copy of the time when it was read', () => {
  vi.stubEnv('CSP_PORT', '1')
  const env = readEnvironment()
  vi.stubEnv('CSP_PORT', '2')
  expect([env['CSP_PORT'], readEnvironment()['CSP_PORT']]).toEqual(['1', '2'])
  vi.unstubAllEnvs()
})

it('the machine has a core and some memory', () => {
  const machine = readMachine({})
  expect(machine.cores).toBeGreaterThanOrEqual(1)
  expect(machine.freeMemoryBytes).toBeGreaterThan(0)
})

describe('a text file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'csp-config-'))
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })

  it('is read as UTF-8', () => {
    writeFileSync(join(folder, 'config.txt'), 'system_prompt = Grüße')
    expect(readTextFile(join(folder, 'config.txt'))).toBe('system_prompt = Grüße')
  })

  it('is undefined if the file does not exist', () => {
    writeFileSync(join(folder, 'src'), '')
    expect(readTextFile(join(folder, 'none.txt'))).toBeUndefined()
    expect(readTextFile(join(folder, 'src', 'config.txt'))).toBeUndefined()
  })

  it('throws the error of the system for anything but a file', () => {
    mkdirSync(join(folder, 'folder'))
    expect(() => readTextFile(join(folder, 'folder'))).toThrow('EISDIR')
  })
})
