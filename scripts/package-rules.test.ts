import { describe, expect, test } from 'vitest'

import {
  complaintsAboutFiles,
  complaintsAboutLicenses,
  dependenciesOf,
  isRuntime,
} from './package-rules.ts'

const FILES = [
  'package.json',
  'README.md',
  'LICENSE',
  'bin/claude-sub-proxy.js',
  'commonjs/index.cjs',
  'commonjs/index.d.cts',
  'dist/index.js',
  'dist/index.d.ts',
]

describe('the files of a package', () => {
  test('may be the build, the page and the texts', () => {
    const files = [...FILES, 'config.example.txt', 'assets/page/index.html', 'dist/http/app.js']
    expect(complaintsAboutFiles(files)).toEqual([])
  })

  test.each([
    '.env',
    'config.txt',
    'src/index.ts',
    'dist/http/app.test.js',
    'dist/a.ts',
    'dist/a.js.map',
  ])('may not have %s', (path) => {
    expect(complaintsAboutFiles([...FILES, path])).toEqual([`${path}: is not to be published`])
  })

  test('must include everything that users import', () => {
    const files = FILES.filter((path) => path !== 'dist/index.js')
    expect(complaintsAboutFiles(files)).toEqual(['dist/index.js: is missing'])
  })
})

function complaints(license: string, name = 'made-up'): string[] {
  return complaintsAboutLicenses([{ path: `node_modules/${name}`, name, license }])
}

describe('the licence of a dependency', () => {
  test.each(['MIT', '(MIT OR GPL-3.0)', 'MIT AND ISC'])('may be %s', (license) => {
    expect(complaints(license)).toEqual([])
  })

  test.each(['GPL-3.0', 'MIT AND GPL-3.0', 'not given'])('may not be %s', (license) => {
    expect(complaints(license)).toEqual([`made-up: its licence is ${license}`])
  })

  test("may be Anthropic's own only for the runtime and its SDK", () => {
    const own = 'SEE LICENSE IN README.md'
    expect(complaints(own, '@anthropic-ai/claude-agent-sdk-linux-x64')).toEqual([])
    expect(complaints(own, '@anthropic-ai/other')).toHaveLength(1)
  })
})

test('the dependencies of a user include nested ones, and exclude those for development', () => {
  const packages = {
    '': { name: 'this' },
    'node_modules/a': { license: 'MIT' },
    'node_modules/a/node_modules/@b/c': {},
    'node_modules/d': { license: 'MIT', dev: true },
  }
  expect(dependenciesOf({ packages }, noManifest)).toEqual([
    { path: 'node_modules/a', name: 'a', license: 'MIT' },
    { path: 'node_modules/a/node_modules/@b/c', name: '@b/c', license: 'not given' },
  ])
  expect(() => dependenciesOf({}, noManifest)).toThrow(TypeError)
})

test('a licence in the old form is read from the package itself', () => {
  const packages = { 'node_modules/a': {} }
  expect(dependenciesOf({ packages }, oldManifest)).toEqual([
    { path: 'node_modules/a', name: 'a', license: 'MIT OR ISC' },
  ])
})

test('the runtime and the SDK that starts it are different packages', () => {
  expect(isRuntime('node_modules/@anthropic-ai/claude-agent-sdk-linux-x64')).toBe(true)
  expect(isRuntime('node_modules/@anthropic-ai/claude-agent-sdk')).toBe(false)
})

function noManifest(): unknown {
  return undefined
}

function oldManifest(path: string): unknown {
  return path === 'node_modules/a' ? { licenses: [{ type: 'MIT' }, { type: 'ISC' }] } : undefined
}
