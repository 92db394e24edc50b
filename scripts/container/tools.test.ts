import { expect, test } from 'vitest'

import { missingTools } from './tools.ts'

const ROOT = { platform: 'linux', isRoot: true }

test('nothing is missing if every program is found', async () => {
  expect(await missingTools(ROOT, async () => true)).toBeUndefined()
})

test('the missing programs are named, with the packages that have them', async () => {
  const text = await missingTools(ROOT, async (name) => !['ip', 'buildah'].includes(name))
  expect(text).toContain('buildah, ip: not found')
  expect(text).toContain('apt-get install --no-install-recommends buildah iproute2')
})

test('on another system or as another user, the reason is given', async () => {
  expect(await missingTools({ platform: 'darwin', isRoot: true })).toContain('on Linux only')
  expect(await missingTools({ platform: 'linux', isRoot: false })).toContain('as root')
})
