import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { ORIGIN_PRESETS } from './origin-presets.ts'
import { isAllowedOrigin, origins } from './origins.ts'

describe('entries', () => {
  test.each([
    ['https://app.example', ['https://app.example']],
    ['HTTPS://App.Example/', ['https://app.example']],
    ['https://*.App.example', ['https://*.app.example']],
    ['http://localhost:*', ['http://localhost:*']],
    ['chrome-extension://*', ['chrome-extension://*']],
    ['vscode, https://a.example:8080', ['vscode', 'https://a.example:8080']],
    ['*', ['*']],
  ])('%j is read as %j', (text, read) => {
    expect(origins.parse(text)).toEqual(read)
    expect(origins.accepts(read)).toBe(true)
  })

  test.each([
    'https://*',
    'http://*:*',
    'https://*.com',
    'file://*',
    'https://a*.example',
    'https://a.*.example',
    'https://*.a.example/path',
    '*://a.example',
    '*.a.example',
    'VSCode',
    'emacs',
    'constructor',
    'vscode, *',
    '',
  ])('%j is refused', (text) => {
    expect(origins.parse(text)).toBeUndefined()
    expect(origins.accepts(text.split(', '))).toBe(false)
  })
})

describe('an origin', () => {
  test.each([
    ['https://a.app.example', 'https://*.app.example'],
    ['https://a.b.app.example', 'https://*.app.example'],
    ['https://a.app.example:8080', 'https://*.app.example:*'],
    ['http://localhost', 'http://localhost:*'],
    ['http://localhost:5173', 'http://localhost:*'],
    ['chrome-extension://abcdefghijklmnop', 'chrome-extension://*'],
    ['moz-extension://0b7a4f0e-2c2e-4d8e-9a52-1c1b6e0f9a11', 'extensions'],
    ['vscode-webview://1k5a9q0', 'vscode'],
    ['app://obsidian.md', 'obsidian'],
    ['app://-', 'electron'],
    ['tauri://localhost', 'tauri'],
  ])('%s is allowed by %s', (origin, entry) => {
    expect(isAllowedOrigin(origin, [entry])).toBe(true)
  })

  test.each([
    ['https://app.example', 'https://*.app.example'],
    ['https://evilapp.example', 'https://*.app.example'],
    ['https://a.app.example.evil.example', 'https://*.app.example'],
    ['https://a.appxexample', 'https://*.app.example'],
    ['http://a.app.example', 'https://*.app.example'],
    ['https://a.app.example:8080', 'https://*.app.example'],
    ['http://localhost.evil.example:1', 'http://localhost:*'],
    ['http://localhost:1@evil.example', 'http://localhost:*'],
    ['HTTPS://app.example', 'https://app.example'],
    ['app://other', 'obsidian'],
    ['https://obsidian.md', 'obsidian'],
    ['vscode-webview://', 'vscode'],
    ['null', 'electron'],
  ])('%s is not allowed by %s', (origin, entry) => {
    expect(isAllowedOrigin(origin, [entry])).toBe(false)
  })

  test('of a web site is allowed by no preset', () => {
    const presets = Object.keys(ORIGIN_PRESETS)
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: false }), (url) => {
        expect(isAllowedOrigin(new URL(url).origin, presets)).toBe(false)
      }),
    )
  })

  test('is allowed by itself', () => {
    fc.assert(
      fc.property(fc.webUrl(), (url) => {
        const { origin } = new URL(url)
        expect(isAllowedOrigin(origin, origins.parse(origin) ?? [])).toBe(true)
      }),
    )
  })
})

test('presets are entries themselves, and never allow everything', () => {
  for (const patterns of Object.values(ORIGIN_PRESETS)) {
    expect(origins.accepts(patterns)).toBe(true)
    expect(patterns).not.toContain('*')
  }
})
