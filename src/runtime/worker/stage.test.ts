import { expect, test } from 'vitest'

import { type Stage, StageMachine } from './stage.ts'

function machineAt(...path: Stage[]): StageMachine {
  const machine = new StageMachine()
  for (const stage of path) machine.move(stage)
  return machine
}

test('a turn goes through its stages, and the worker is ready again', () => {
  const machine = machineAt('ready', 'opening', 'asking', 'settling', 'ready')
  expect(machine.current).toBe('ready')
})

test('the next turn may be given while the process finishes the last', () => {
  expect(machineAt('ready', 'opening', 'asking', 'settling', 'opening').current).toBe('opening')
})

test('a held worker can be resolved or recovered, and is not ready before', () => {
  const held = ['ready', 'opening', 'asking', 'held'] as const
  expect(machineAt(...held, 'opening').current).toBe('opening')
  expect(machineAt(...held, 'recovering', 'ready').current).toBe('ready')
  expect(() => machineAt(...held).move('ready')).toThrow("can't go from held to ready")
})

test('an ended worker stays ended, and its end is reported once', () => {
  const seen: Stage[] = []
  const machine = new StageMachine((stage) => seen.push(stage))
  machine.move('ready')
  expect(machine.move('ended')).toBe(true)
  for (const stage of ['ready', 'opening', 'ended', 'starting'] as const) {
    expect(machine.move(stage)).toBe(false)
  }
  expect(machine.current).toBe('ended')
  expect(seen).toEqual(['ready', 'ended'])
})

test.each<[Stage[], Stage]>([
  [[], 'asking'],
  [['ready'], 'asking'],
  [['ready', 'opening', 'asking'], 'ready'],
  [['ready', 'opening', 'asking'], 'opening'],
  [['ready', 'opening', 'asking', 'recovering'], 'opening'],
])('after %j, %s is an error', (path, to) => {
  expect(() => machineAt(...path).move(to)).toThrow(/^A worker can't go/)
})
