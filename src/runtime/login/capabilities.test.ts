import { expect, test } from 'vitest'

import { capabilitiesOf } from './capabilities.ts'

const ROW = { value: 'sonnet', displayName: 'Sonnet', description: '' }

const YES = { supported: true }
const NO = { supported: false }

test('the capabilities in the list of the runtime get the names of the API', () => {
  const levels = ['low', 'medium', 'high', 'max'] as const
  expect(
    capabilitiesOf({
      ...ROW,
      supportsEffort: true,
      supportedEffortLevels: [...levels],
      supportsAdaptiveThinking: true,
      supportsThinkingOff: true,
      supportsAutoMode: true,
    }),
  ).toEqual({
    effort: { ...YES, low: YES, medium: YES, high: YES, xhigh: NO, max: YES },
    thinking: { ...YES, types: { adaptive: YES, disabled: YES } },
  })
})

test('capabilities that the runtime does not list are left out', () => {
  expect(capabilitiesOf({ ...ROW, supportsEffort: false })).toEqual({ effort: NO })
  expect(capabilitiesOf({ ...ROW, supportsAdaptiveThinking: false })).toEqual({
    thinking: { types: { adaptive: NO } },
  })
  expect(capabilitiesOf(ROW)).toBeUndefined()
})

test('thinking that the runtime does not switch off has no `disabled`', () => {
  expect(
    capabilitiesOf({ ...ROW, supportsAdaptiveThinking: true, supportsThinkingOff: false }),
  ).toEqual({ thinking: { ...YES, types: { adaptive: YES } } })
})
