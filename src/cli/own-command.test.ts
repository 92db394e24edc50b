import { expect, test } from 'vitest'

import { ownCommand } from './own-command.ts'

const HERE = { folder: '/clone', isByNpm: false, platform: 'linux' } as const

test('for a global installation it is the name', () => {
  expect(ownCommand('/usr/local/bin/claude-sub-proxy', HERE)).toBe('claude-sub-proxy')
})

test('for a project, or by npm start, it is npx without a look into the registry', () => {
  const npx = 'npx --no-install claude-sub-proxy'
  expect(ownCommand('/project/node_modules/.bin/claude-sub-proxy', HERE)).toBe(npx)
  expect(ownCommand('/clone/bin/claude-sub-proxy.js', HERE)).toBe(npx)
  expect(ownCommand('/clone/dist/cli/main.js', { ...HERE, isByNpm: true })).toBe(npx)
  const onWindows = String.raw`C:\npm\node_modules\claude-sub-proxy\bin\claude-sub-proxy.js`
  expect(ownCommand(onWindows, { ...HERE, platform: 'win32' })).toBe(npx)
})

test('if the file was started directly, as by a supervisor, it is that file', () => {
  expect(ownCommand('/clone/dist/cli/main.js', HERE)).toBe('node dist/cli/main.js')
  const elsewhere = { ...HERE, folder: '/' }
  expect(ownCommand('/my clone/dist/cli/main.js', { ...elsewhere, folder: '/tmp' })).toBe(
    "node '/my clone/dist/cli/main.js'",
  )
  expect(ownCommand('/opt/proxy/dist/cli/main.js', { ...elsewhere, folder: '/home/me' })).toBe(
    'node /opt/proxy/dist/cli/main.js',
  )
})
