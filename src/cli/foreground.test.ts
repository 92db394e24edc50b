import { EventEmitter } from 'node:events'

import { expect, test, vi } from 'vitest'

import { foreground } from './foreground.ts'

function program() {
  const kill = vi.fn<(signal?: NodeJS.Signals | number) => boolean>(() => true)
  return Object.assign(new EventEmitter(), { kill })
}

test('the program in the terminal decides about Ctrl-C, each time it is pressed', async () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
  const child = program()
  const ended = foreground(child as never)
  for (const name of ['SIGINT', 'SIGINT', 'SIGQUIT', 'SIGINT'] as const) process.emit(name, name)
  expect(child.kill).not.toHaveBeenCalled()
  expect(exit).not.toHaveBeenCalled()
  child.emit('exit', 7, null)
  expect(await ended).toBe(7)
  exit.mockRestore()
})

test('a signal of a supervisor is passed on, and its listeners are removed at the end', async () => {
  const before = process.listenerCount('SIGTERM')
  const child = program()
  const ended = foreground(child as never)
  process.emit('SIGTERM', 'SIGTERM')
  process.emit('SIGHUP', 'SIGHUP')
  expect(child.kill.mock.calls).toEqual([['SIGTERM'], ['SIGHUP']])
  child.emit('exit', null, 'SIGTERM')
  expect(await ended).toBe(143)
  expect(process.listenerCount('SIGTERM')).toBe(before)
})

test('on Windows no signal is passed on: the console sends them to the program as well', async () => {
  const child = program()
  const ended = foreground(child as never, 'win32')
  process.emit('SIGHUP', 'SIGHUP')
  expect(child.kill).not.toHaveBeenCalled()
  child.emit('exit', 0, null)
  expect(await ended).toBe(0)
})

test('a program that can not be started is an error', async () => {
  const child = program()
  const ended = foreground(child as never)
  child.emit('error', new Error('ENOENT'))
  await expect(ended).rejects.toThrow('ENOENT')
})
