import { EventEmitter } from 'node:events'

import { expect, test, vi } from 'vitest'

import { foreground } from './foreground.ts'

function program() {
  const kill = vi.fn<(signal?: NodeJS.Signals | number) => boolean>(() => true)
  return Object.assign(new EventEmitter(), { kill })
}

/** Files of tests share a process, and may leave listeners for its signals that end it. */
function ownProcess(platform: NodeJS.Platform = 'linux') {
  return Object.assign(new EventEmitter(), { platform })
}

test('the program in the terminal decides about Ctrl-C, each time it is pressed', async () => {
  const [child, own] = [program(), ownProcess()]
  const ended = foreground(child as never, own)
  for (const name of ['SIGINT', 'SIGINT', 'SIGQUIT', 'SIGINT'] as const) {
    expect(own.emit(name, name)).toBe(true)
  }
  expect(child.kill).not.toHaveBeenCalled()
  child.emit('exit', 7, null)
  expect(await ended).toBe(7)
})

test('a signal of a supervisor is passed on, and its listeners are removed at the end', async () => {
  const [child, own] = [program(), ownProcess()]
  const ended = foreground(child as never, own)
  own.emit('SIGTERM', 'SIGTERM')
  own.emit('SIGHUP', 'SIGHUP')
  expect(child.kill.mock.calls).toEqual([['SIGTERM'], ['SIGHUP']])
  child.emit('exit', null, 'SIGTERM')
  expect(await ended).toBe(143)
  expect(own.eventNames()).toEqual([])
})

test('on Windows no signal is passed on: the console sends them to the program as well', async () => {
  const [child, own] = [program(), ownProcess('win32')]
  const ended = foreground(child as never, own)
  own.emit('SIGHUP', 'SIGHUP')
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
