import { expect, test, vi } from 'vitest'

import type { Account } from './account.ts'
import { ModelList } from './model-list.ts'

const MINUTE = 60_000

function account(email: string) {
  return { authenticated: true, source: 'claude.ai', email }
}

function start() {
  const state = { login: 'first', now: 0 }
  const listed = vi.fn(() =>
    Promise.resolve([{ value: `model of ${state.login}`, displayName: '', description: '' }]),
  )
  const identify = vi.fn(() => Promise.resolve(account(state.login)))
  const onChange = vi.fn<() => void>()
  const list = new ModelList({ list: listed, identify, onChange, now: () => state.now })
  const names = async () => (await list.upToDate()).map(({ value }) => value)
  return { list, state, listed, identify, onChange, names }
}

test('the runtime is asked once while the login stays the same', async () => {
  const { list, state, listed, identify, names } = start()
  await list.load()
  expect(await names()).toEqual(['model of first'])
  state.now = 4 * MINUTE
  await names()
  state.now = 60 * MINUTE
  await names()
  expect(listed).toHaveBeenCalledTimes(1)
  expect(identify).toHaveBeenCalledTimes(2)
})

test('another login is noticed at the next look, and brings its own models', async () => {
  const { list, state, names } = start()
  await list.load()
  await names()
  state.login = 'second'
  state.now = 4 * MINUTE
  expect(await names()).toEqual(['model of first'])
  state.now = 6 * MINUTE
  expect(await names()).toEqual(['model of second'])
})

test('a changed login is reported once; the first one and an unchanged one are not', async () => {
  const { list, state, onChange } = start()
  await list.load()
  for (const login of ['first', 'first', 'second', 'second']) {
    state.login = login
    list.doubt()
    await list.login()
    expect(onChange).toHaveBeenCalledTimes(login === 'first' ? 0 : 1)
  }
})

test('a doubt starts a look at once', async () => {
  const { list, state, names } = start()
  await list.load()
  await names()
  state.login = 'second'
  list.doubt()
  expect(await names()).toEqual(['model of second'])
})

test('a request for the account also reports a changed login', async () => {
  const { list, state, identify, names } = start()
  await list.load()
  await names()
  state.login = 'second'
  list.noteLogin(account('second'))
  expect(await names()).toEqual(['model of second'])
  expect(identify).toHaveBeenCalledTimes(1)
})

test('the known models stay if the runtime lists none', async () => {
  const { list, listed, names } = start()
  await list.load()
  await names()
  list.noteLogin(account('second'))
  listed.mockRejectedValueOnce(new Error('no memory'))
  expect(await names()).toEqual(['model of first'])
})

test('callers at the same time share one query', async () => {
  const { list, identify, names } = start()
  await list.load()
  await Promise.all([names(), names(), names()])
  expect(identify).toHaveBeenCalledTimes(1)
})

test('a renewed login is the same login', async () => {
  const { list, listed, names } = start()
  await list.load()
  await names()
  list.noteLogin({ ...account('first'), expiresAt: '2030-01-01T00:00:00Z' })
  await names()
  expect(listed).toHaveBeenCalledTimes(1)
})

test('while nobody is logged in, the next look comes sooner', async () => {
  const { list, state, identify } = start()
  list.noteLogin({ authenticated: false, source: 'none' })
  state.now = 9_000
  expect(await list.login()).toMatchObject({ authenticated: false })
  state.now = 11_000
  expect(await list.login()).toMatchObject({ authenticated: true })
  expect(identify).toHaveBeenCalledTimes(1)
})

test('a failed first look leaves the login unknown with the problem, and the next look is soon', async () => {
  const { list, state, identify } = start()
  const renewed = vi.fn<() => void>()
  const told = new ModelList({
    list: () => Promise.resolve([]),
    identify,
    now: () => state.now,
    onChange: renewed,
  })
  identify.mockRejectedValueOnce(new Error('not within 15 s'))
  expect(await told.login()).toEqual({
    authenticated: false,
    source: 'unknown',
    problem: 'not within 15 s',
  })
  state.now = 11_000
  expect(await told.login()).toEqual(account('first'))
  // The processes that were started meanwhile have this login.
  expect(renewed).not.toHaveBeenCalled()
  expect(list.listed).toEqual([])
})

test('a failed later look keeps the known login, with the problem', async () => {
  const { list, state, identify } = start()
  await list.login()
  state.now = 6 * MINUTE
  identify.mockRejectedValueOnce(new Error('no memory'))
  expect(await list.login()).toEqual({ ...account('first'), problem: 'no memory' })
  state.now += 11_000
  expect(await list.login()).toEqual(account('first'))
  expect(identify).toHaveBeenCalledTimes(3)
})

test.each([
  [100, 15_000],
  [4000, 40_000],
])('after a start of %i ms the runtime has %i ms to report the login', async (took, patience) => {
  const clock = { now: 0 }
  const identify = vi.fn<(patience: number) => Promise<Account>>(() =>
    Promise.resolve(account('first')),
  )
  const list = new ModelList({
    list: () => {
      clock.now += took
      return Promise.resolve([])
    },
    identify,
    now: () => clock.now,
  })
  await list.load()
  await list.ask()
  expect(identify).toHaveBeenCalledExactlyOnceWith(patience)
})
