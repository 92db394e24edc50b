import { homedir } from 'node:os'

import { expect, test } from 'vitest'

import { homeFolder } from './home-folder.ts'

const BOTH = { HOME: '/home/me', USERPROFILE: String.raw`C:\Users\me` }

test('the home folder is that of the system', () => {
  expect(homeFolder(BOTH, 'linux')).toBe('/home/me')
  expect(homeFolder(BOTH, 'darwin')).toBe('/home/me')
  expect(homeFolder(BOTH, 'win32')).toBe(String.raw`C:\Users\me`)
})

test('if the environment has none, Node.js knows it', () => {
  expect(homeFolder({ HOME: '' }, 'linux')).toBe(homedir())
  expect(homeFolder({ HOME: '/home/me' }, 'win32')).toBe(homedir())
})
