import { setImmediate } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { Deferred } from '../../deferred.ts'
import { ApiError } from '../../errors.ts'
import { Launcher } from '../process/launcher.ts'
import type { Launch } from '../process/runtime-process.ts'
import { type End, Link } from './link.ts'

/** A launcher that starts another command than the requested one. */
class Misled extends Launcher {
  readonly #start: (launch: Launch) => Launch

  constructor(start: (launch: Launch) => Launch) {
    super()
    this.#start = start
  }

  override start(launch: Launch): ReturnType<Launcher['start']> {
    return super.start(this.#start(launch))
  }
}

function open(start: (launch: Launch) => Launch): { link: Link; ended: Promise<End> } {
  const ended = new Deferred<End>()
  const listener = {
    message: () => {},
    diagnostic: () => {},
    end: (end: End) => ended.resolve(end),
  }
  return { link: new Link({}, new Misled(start), listener), ended: ended.promise }
}

test('a process that the system can not start ends with the system’s reason', async () => {
  const { link, ended } = open((launch) => ({ ...launch, command: '/nowhere/made-up' }))
  const { cause, error } = await ended
  expect(cause).toBe('the process could not be started')
  expect(error.message).toBe(
    'The Claude Code runtime could not be started: its executable or its working folder does not exist (ENOENT).',
  )
  await link.exited
})

test.each(['EMFILE', 'ENOMEM'])(
  'a start that fails at once, with %s, ends with the reason and not the SDK’s message',
  (code) => {
    const start = (): Launch => {
      throw Object.assign(new Error(`spawn ${code}`), { code, syscall: 'spawn' })
    }
    expect(() => open(start)).toThrow(
      expect.objectContaining({
        type: 'api_error',
        message: expect.stringMatching(
          `^The Claude Code runtime could not be started: .*\\(${code}\\)\\.$`,
        ) as string,
      }),
    )
  },
)

test('a link keeps the first end, when it is closed again or its process ends later', async () => {
  const ends: End[] = []
  const launcher = new Misled((launch) => ({ ...launch, command: process.execPath, args: [] }))
  const listener = {
    message: () => {},
    diagnostic: () => {},
    end: (end: End) => void ends.push(end),
  }
  const link = new Link({}, launcher, listener)
  const first = new ApiError('api_error', 'The first.')
  link.close('the first', first, 'kill')
  link.close('the second', new ApiError('api_error', 'The second.'))
  await link.exited
  await setImmediate()
  expect(ends).toEqual([{ cause: 'the first', error: first }])
  expect(link.end).toBe(ends[0])
})
