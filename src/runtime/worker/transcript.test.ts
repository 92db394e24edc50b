import { expect, test } from 'vitest'

import { Transcript } from './transcript.ts'

/** A conversation of users and assistants by turns; `t` marks a user message that is a target. */
function holding(...messages: [name: string, isTarget?: boolean][]): Transcript {
  const transcript = new Transcript()
  transcript.begin('origin')
  for (const [index, [lineage, isTarget = false]] of messages.entries()) {
    if (index % 2 === 1) transcript.add({ role: 'assistant', lineage })
    else {
      transcript.wrote(`uuid of ${lineage}`, isTarget)
      transcript.add({ role: 'user', lineage, uuid: `uuid of ${lineage}`, isTarget })
    }
  }
  return transcript
}

test('nothing is shared before a conversation has begun', () => {
  expect(new Transcript().shared(['origin'])).toBeUndefined()
  expect(holding().shared(['another'])).toBeUndefined()
  expect(holding().shared(['origin', 'a'])).toBe(0)
})

test('the longest common beginning is found', () => {
  const transcript = holding(['a', true], ['b'], ['c', true], ['d'])
  expect(transcript.shared(['origin', 'a', 'b', 'c', 'd', 'e'])).toBe(4)
  expect(transcript.shared(['origin', 'a', 'b', 'x', 'y'])).toBe(2)
  expect(transcript.shared(['origin', 'a', 'b'])).toBe(2)
  expect(transcript.shared(['origin', 'x'])).toBe(0)
})

test('a cut is made at a target, and keeps as much as possible', () => {
  const transcript = holding(['a', true], ['b'], ['c'], ['d'], ['e', true], ['f'])
  expect(transcript.cutWithin(6)).toEqual({ keep: 4, target: 'uuid of e' })
  expect(transcript.cutWithin(4)).toEqual({ keep: 4, target: 'uuid of e' })
  // The text turn c can't be rewound to.
  expect(transcript.cutWithin(3)).toEqual({ keep: 0, target: 'uuid of a' })
})

test('after a cut the transcript holds the rest, and names its newest user message', () => {
  const transcript = holding(['a', true], ['b'], ['c'], ['d'], ['e', true], ['f'])
  transcript.cut({ keep: 4, target: 'uuid of e' })
  expect([transcript.length, transcript.lineage, transcript.newest]).toEqual([4, 'd', 'uuid of c'])
  transcript.cut({ keep: 0, target: 'uuid of a' })
  expect([transcript.length, transcript.lineage, transcript.isEmpty]).toEqual([0, 'origin', true])
})

test('in doubt no turn finds it, and it can still be emptied', () => {
  const transcript = holding(['a', true], ['b'])
  transcript.doubt()
  expect(transcript.lineage).toBeUndefined()
  expect(transcript.shared(['origin', 'a', 'b'])).toBeUndefined()
  expect(transcript.isEmpty).toBe(false)
  expect(transcript.whole).toEqual({ keep: 0, target: 'uuid of a' })
})

test('a conversation whose first message is no target can not be emptied', () => {
  expect(holding(['a', false], ['b'], ['c', true]).whole).toBeUndefined()
  const begunByTheAssistant = new Transcript()
  begunByTheAssistant.begin('origin')
  begunByTheAssistant.add({ role: 'assistant', lineage: 'a' })
  begunByTheAssistant.wrote('uuid', true)
  expect(begunByTheAssistant.whole).toBeUndefined()
})

test('a message that was written but not confirmed can be cut away', () => {
  const transcript = new Transcript()
  transcript.begin('origin')
  transcript.wrote('uuid', true)
  expect([transcript.isEmpty, transcript.whole?.target, transcript.newest]).toEqual([
    false,
    'uuid',
    'uuid',
  ])
})
