import { readdirSync, readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { PAGE_PATHS } from './page.ts'

const FOLDER = new URL('../../assets/page/', import.meta.url)
const NAMES = readdirSync(FOLDER)
const SCRIPTS = NAMES.filter((name) => name.endsWith('.js') && name !== 'chinese.js')

function read(name: string): string {
  return readFileSync(new URL(name, FOLDER), 'utf8')
}

const { CHINESE } = (await import(new URL('chinese.js', FOLDER).href)) as {
  CHINESE: Record<string, string>
}

const STRING = String.raw`'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"`
const TRANSLATED = new RegExp(String.raw`\bt\(\s*(${STRING})`, 'g')
/** The call of `t` with a text of the server: the state. */
const OF_SERVER = 't(overview.state.text,'

/** Scripts whose texts are code. */
const FOR_PROGRAMS = ['snippets.js']
const NOT_TRANSLATED = [
  'npx --no-install claude-sub-proxy setup codex --write${option}',
  'Google Vertex AI',
]

/** The texts that scripts translate: `t('a text')`. */
function textsOfScripts(): string[] {
  return SCRIPTS.flatMap((name) =>
    [...read(name).matchAll(TRANSLATED)].map(([, text = '']) => text.slice(1, -1)),
  )
}

/** The sentences about the state, which the server writes. */
function textsOfServer(): string[] {
  const source = readFileSync(new URL('../observe/overview.ts', import.meta.url), 'utf8')
  const texts = source.matchAll(new RegExp(String.raw`\btext(?:: | = )(${STRING})`, 'g'))
  return [...texts].map(([, text = '']) => text.slice(1, -1))
}

/** The texts and labels of the document, without those that have no translation. */
function textsOfDocument(): string[] {
  const body = read('index.html')
    .replace(/^[^]*<body>/, '')
    .replaceAll(/<noscript>[^]*?<\/noscript>/g, '')
    .replaceAll(/<(\w+)[^<>]* translate="no"[^]*?<\/\1>/g, '')
  return [...body.matchAll(/ aria-label="([^"]*)"|>([^<]+)/g)]
    .map(([, label, text]) => (label ?? text ?? '').replaceAll(/\s+/g, ' ').trim())
    .filter((text) => /[a-z]/i.test(text))
}

/** `{count} {total}` */
function valuesIn(text: string): string {
  return (text.match(/\{\w+\}/g) ?? []).toSorted().join(' ')
}

test('each file of the page is served', () => {
  const served = PAGE_PATHS.map((path) => (path === '/' ? 'index.html' : path.slice(6)))
  expect(served.toSorted()).toEqual(NAMES.toSorted())
})

test('the page has its texts in Chinese, and no translation without a text', () => {
  const [scripts, server, document] = [textsOfScripts(), textsOfServer(), textsOfDocument()]
  for (const found of [scripts, server, document]) expect(found.length).toBeGreaterThan(8)
  expect(Object.keys(CHINESE).toSorted()).toEqual(
    [...new Set([...scripts, ...server, ...document])].toSorted(),
  )
})

test('a translation has the values of its text', () => {
  const wrong = Object.entries(CHINESE).filter(
    ([text, chinese]) => valuesIn(text) !== valuesIn(chinese),
  )
  expect(wrong).toEqual([])
})

test('scripts translate literal texts only, so that they are found', () => {
  for (const name of SCRIPTS.filter((script) => script !== 'language.js')) {
    const source = read(name).replace(OF_SERVER, '')
    const found = [...source.matchAll(TRANSLATED)].length
    expect(source.match(/\bt\(/g)?.length ?? 0, name).toBe(found)
  }
})

test('scripts translate each literal with three words in a row', () => {
  const found = SCRIPTS.filter((name) => !FOR_PROGRAMS.includes(name)).flatMap((name) => {
    const source = read(name)
      .replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '')
      .replaceAll(TRANSLATED, '')
    return source.match(new RegExp(`${STRING}|\`(?:[^\`\\\\]|\\\\.)*\``, 'g')) ?? []
  })
  const texts = found.filter((text) => /[a-z]{2,} [a-z]{2,} [a-z]{2,}/i.test(text))
  expect(texts.map((text) => text.slice(1, -1))).toEqual(NOT_TRANSLATED)
})

test('the document has no attribute with a text that is not translated', () => {
  expect(read('index.html')).not.toMatch(/ (?:title|placeholder|alt)="[^"]/)
})
