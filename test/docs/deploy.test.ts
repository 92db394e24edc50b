import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

import { variableOf } from '../../src/config/names.ts'
import { OPTION_KEYS } from '../../src/config/options.ts'

const DOCKERFILE = read('Dockerfile')
const COMPOSE = parse(read('docker-compose.yml')) as {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}
const UNIT = read('deploy/claude-sub-proxy@.service')
const PLIST = read('deploy/claude-sub-proxy.plist')
const ENVIRONMENT = read('.env.example')

type Service = {
  ports: string[]
  volumes: string[]
  environment: Record<string, string>
  read_only: boolean
  cap_drop: string[]
}

function read(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8')
}

/** The instructions of the Dockerfile, each in one line. */
function instructions(): string[] {
  const lines = DOCKERFILE.replaceAll(/^#.*\n/gm, '').replaceAll(/\\\n/g, ' ')
  return lines.split('\n').filter((line) => line !== '')
}

/** The values that an installation fills in. */
function placeholders(text: string): Set<string> {
  return new Set([...text.matchAll(/@\w+@/g)].map(([name]) => name))
}

function settings(unit: string): Map<string, string[]> {
  const all = new Map<string, string[]>()
  for (const [, name = '', value = ''] of unit.matchAll(/^(\w+)=(.*)$/gm)) {
    all.set(name, [...(all.get(name) ?? []), value])
  }
  return all
}

describe('the Dockerfile', () => {
  test('copies from the clone only files that .dockerignore allows', () => {
    const ignore = read('.dockerignore').split('\n')
    expect(ignore[0]).toBe('*')
    const copied = instructions()
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(/ +/).slice(1, -1))
    expect(copied).toContain('src')
    expect(copied.filter((path) => !ignore.includes(`!${path}`))).toEqual([])
  })

  test('ends as a user without rights, and starts Node directly', () => {
    const last = instructions().toReversed()
    expect(last.find((line) => line.startsWith('USER '))).toBe('USER node')
    expect(last[0]).toBe('ENTRYPOINT ["node", "/app/dist/cli/main.js"]')
  })

  test('checks the health route, which needs no key', () => {
    const line = instructions().find((text) => text.startsWith('HEALTHCHECK')) ?? ''
    const command = JSON.parse(line.slice(line.indexOf('['))) as string[]
    expect(command).toEqual(['node', '-e', expect.stringContaining('/health')])
  })
})

describe('docker-compose.yml', () => {
  const service = COMPOSE.services['claude-sub-proxy'] as Service

  test('publishes to this machine alone, and does not start without a key', () => {
    expect(service.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:/)])
    expect(service.environment['CSP_PROXY_API_KEY']).toMatch(/^\$\{CSP_PROXY_API_KEY:\?/)
  })

  test('mounts only folders that the image has', () => {
    const targets = service.volumes.map((volume) => volume.slice(volume.lastIndexOf(':') + 1))
    const [line = ''] = instructions().filter((text) => text.startsWith('VOLUME '))
    expect(targets).toEqual(JSON.parse(line.slice('VOLUME '.length)))
    expect(Object.keys(COMPOSE.volumes)).toEqual(['claude', 'state'])
  })

  test('takes rights away', () => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] })
  })
})

test('every named variable of the proxy exists', () => {
  const known = new Set(OPTION_KEYS.map(variableOf))
  const texts = [DOCKERFILE, read('docker-compose.yml'), UNIT, PLIST, ENVIRONMENT]
  const named = texts.flatMap((text) => [...text.matchAll(/\bCSP_\w+/g)].map(([name]) => name))
  expect(named).toContain('CSP_STATE_FOLDER')
  expect(named.filter((name) => !known.has(name))).toEqual([])
})

test('the systemd unit runs the command as the user, who owns little else', () => {
  const unit = settings(UNIT)
  expect(unit.get('User')).toEqual(['%i'])
  expect(unit.get('ExecStart')?.[0]).toMatch(/^\/usr\/bin\/node .*\/dist\/cli\/main\.js$/)
  expect(unit.get('ProtectSystem')).toEqual(['strict'])
  expect(unit.get('NoNewPrivileges')).toEqual(['yes'])
  expect(unit.get('StateDirectory')).toEqual(['claude-sub-proxy/%i'])
})

test('the launchd list is well-formed, and has every placeholder that its installation fills', () => {
  const [comment = ''] = /<!--[^]*?-->/.exec(PLIST) ?? []
  expect(comment.slice(4, -3)).not.toContain('--')
  const body = PLIST.replace(comment, '').replaceAll(/<[?!][^>]*>/g, '')
  const open: string[] = []
  for (const [, slash, name = '', empty] of body.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
    if (slash === '/') expect(open.pop()).toBe(name)
    else if (empty !== '/') open.push(name)
  }
  expect(open).toEqual([])
  expect(placeholders(body)).toEqual(placeholders(comment))
  expect(placeholders(body).size).toBe(3)
})
