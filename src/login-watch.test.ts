import { expect, test, vi } from 'vitest'

import { LoginWatch } from './login-watch.ts'

function open() {
  const doubt = vi.fn<() => void>()
  const look = vi.fn<() => Promise<unknown>>(() => Promise.resolve())
  const onKnown = vi.fn<() => void>()
  return { watch: new LoginWatch({ doubt, look, onKnown }), doubt, look, onKnown }
}

const refused = { outcome: 'error', errorType: 'authentication_error' } as const

test('turns that end well and errors of other kinds do not start a look at the login', () => {
  const { watch, doubt, look } = open()
  watch.turnEnded({ outcome: 'whole' })
  watch.turnEnded({ outcome: 'error', errorType: 'rate_limit_error' })
  watch.turnEnded({ outcome: 'whole' })
  expect([doubt.mock.calls.length, look.mock.calls.length]).toEqual([0, 0])
})

test('the first reply after a refused login starts a look, once', async () => {
  const { watch, doubt, look, onKnown } = open()
  watch.turnEnded(refused)
  watch.turnEnded(refused)
  watch.turnEnded({ outcome: 'client left' })
  expect(doubt).not.toHaveBeenCalled()
  watch.turnEnded({ outcome: 'whole' })
  watch.turnEnded({ outcome: 'whole' })
  expect([doubt.mock.calls.length, look.mock.calls.length]).toEqual([1, 1])
  await expect.poll(() => onKnown.mock.calls.length).toBe(1)
})

test('the first reply after a start without a login starts a look too', () => {
  const { watch, doubt, look } = open()
  watch.noOneIsLoggedIn()
  watch.turnEnded({ outcome: 'whole' })
  watch.turnEnded({ outcome: 'whole' })
  expect([doubt.mock.calls.length, look.mock.calls.length]).toEqual([1, 1])
})

test('a turn that the usage guard refuses starts a look, because no reply will', () => {
  const { watch, doubt, look } = open()
  watch.turnRefused()
  expect([doubt.mock.calls.length, look.mock.calls.length]).toEqual([0, 1])
})
