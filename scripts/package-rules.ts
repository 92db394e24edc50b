import { isMap } from './values.ts'

/** A package that users get, from the lock file. */
export type Dependency = { path: string; name: string; license: string }

const ALLOWED_FILES = [
  /^(?:package\.json|LICENSE|config\.example\.txt)$/,
  /^(?:README|README_CN|CHANGELOG|CONTRIBUTING|SECURITY)\.md$/,
  /^docs\/(?:[\w-]+\/)?[\w-]+\.(?:md|png|svg)$/,
  /^assets\/(?:grafana-dashboard\.json|page\/[\w-]+\.(?:html|css|js|svg))$/,
  /^dist\/(?!.*\.test\.)[\w/.-]+\.(?:js|d\.ts)$/,
  /^bin\/claude-sub-proxy\.js$/,
  /^commonjs\/index\.(?:cjs|d\.cts)$/,
  /^deploy\/(?:kubernetes\/)?[\w.@-]+\.(?:service|plist|yml|yaml)$/,
  /^examples\/(?:nextjs\/[\w/.[\]-]+|[\w-]+)\.(?:md|ts|js|cjs|mjs|py|sh)$/,
]

const NEEDED_FILES = [
  'package.json',
  'README.md',
  'LICENSE',
  'bin/claude-sub-proxy.js',
  'commonjs/index.cjs',
  'commonjs/index.d.cts',
  'dist/index.js',
  'dist/index.d.ts',
]

const ALLOWED_LICENSES = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Unlicense',
])

/** The runtime and its SDK have their own terms; README.md names them. */
const ANTHROPICS_OWN = /^@anthropic-ai\/claude-agent-sdk(?:-[\w-]+)?$/

/**
 * The faults in the files of a package, one line each.
 *
 * @param paths relative to the package, with `/`
 */
export function complaintsAboutFiles(paths: readonly string[]): string[] {
  const surplus = paths.filter((path) => !ALLOWED_FILES.some((pattern) => pattern.test(path)))
  const missing = NEEDED_FILES.filter((path) => !paths.includes(path))
  return [
    ...surplus.map((path) => `${path}: is not to be published`),
    ...missing.map((path) => `${path}: is missing`),
  ]
}

/** The faults in the licences of dependencies, one line each. */
export function complaintsAboutLicenses(dependencies: readonly Dependency[]): string[] {
  return dependencies
    .filter(({ name, license }) => !ANTHROPICS_OWN.test(name) && !isAllowed(license))
    .map(({ name, license }) => `${name}: its licence is ${license}`)
}

/** `(MIT OR GPL-3.0)` allows a choice, `MIT AND ISC` does not. */
function isAllowed(license: string): boolean {
  const choices = license.replace(/^\((.*)\)$/, '$1').split(' OR ')
  return choices.some((choice) =>
    choice.split(' AND ').every((name) => ALLOWED_LICENSES.has(name.trim())),
  )
}

/**
 * The dependencies that users get: everything in a lock file except packages only for development.
 *
 * @param lock a `package-lock.json` of version 3, parsed
 * @param manifestOf returns the parsed `package.json` of an installed package by its path. Old
 * packages have a form of licence there that npm leaves out of the lock file
 * @throws TypeError if it is no lock file
 */
export function dependenciesOf(lock: unknown, manifestOf: (path: string) => unknown): Dependency[] {
  if (!isMap(lock) || !isMap(lock['packages'])) throw new TypeError('This is no lock file')
  return Object.entries(lock['packages']).flatMap(([path, entry]) => {
    if (path === '' || !isMap(entry) || entry['dev'] === true) return []
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const { license } = entry
    return [
      { path, name, license: typeof license === 'string' ? license : oldForm(manifestOf(path)) },
    ]
  })
}

/** The licence of `licenses: [{ type: 'MIT', … }]`. */
function oldForm(manifest: unknown): string {
  const licenses = isMap(manifest) ? manifest['licenses'] : undefined
  const types = (Array.isArray(licenses) ? licenses : []).flatMap((each: unknown) =>
    isMap(each) && typeof each['type'] === 'string' ? [each['type']] : [],
  )
  return types.join(' OR ') || 'not given'
}

/** Whether a path in `node_modules` belongs to the runtime, which takes hundreds of megabytes. */
export function isRuntime(path: string): boolean {
  return /\/claude-agent-sdk-(?:linux|darwin|win32)-/.test(path)
}
