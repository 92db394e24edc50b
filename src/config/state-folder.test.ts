import { expect, test } from 'vitest'

import { stateFolderOf } from './state-folder.ts'

test.each([
  ['linux', { HOME: '/home/me' }, '/home/me/.local/state/claude-sub-proxy'],
  ['linux', { HOME: '/home/me', XDG_STATE_HOME: '/state' }, '/state/claude-sub-proxy'],
  ['linux', { HOME: '/home/me', XDG_STATE_HOME: 'here' }, '/home/me/.local/state/claude-sub-proxy'],
  ['darwin', { HOME: '/Users/me' }, '/Users/me/Library/Application Support/claude-sub-proxy'],
  ['win32', { LOCALAPPDATA: '/local' }, '/local/claude-sub-proxy'],
  ['linux', {}, undefined],
  ['darwin', {}, undefined],
  ['win32', { HOME: '/home/me' }, undefined],
] as const)('on %s with %o the state folder is %s', (platform, env, folder) => {
  expect(stateFolderOf(env, platform)).toBe(folder)
})
