import { describe, expect, test } from 'vitest'

import type { Turn } from '../plan/turn.ts'
import { byValue, type Candidate, chooseCounter, chooseWorker } from './lanes.ts'
import { Transcript } from './worker/transcript.ts'

type Fake = Candidate & { name: string }

function worker(name: string, conversation: string[], more: Partial<Fake> = {}): Fake {
  const transcript = new Transcript()
  if (conversation.length > 0) transcript.begin('origin')
  for (const [index, lineage] of conversation.entries()) {
    const role = index % 2 === 0 ? 'user' : 'assistant'
    const uuid = role === 'user' ? `uuid of ${lineage}` : undefined
    if (uuid) transcript.wrote(uuid, true)
    transcript.add({ role, lineage, uuid, isTarget: role === 'user' })
  }
  return {
    name,
    stage: 'ready',
    isAvailable: true,
    transcript,
    heldCalls: [],
    isForced: false,
    exchanges: conversation.length / 2,
    lastUsed: 0,
    isCounter: false,
    takes: () => true,
    ...more,
  }
}

function turn(history: string[], answers?: string[]): Turn {
  const lineages = ['origin', ...history]
  return {
    model: 'claude-made-up',
    settings: { betas: '' },
    lineages,
    lineage: lineages.at(-1),
    ...(answers && { answers: new Map(answers.map((id) => [id, { content: [] }])) }),
  } as unknown as Turn
}

function choose(asked: Turn, ...workers: Fake[]): [string, string] | undefined {
  const choice = chooseWorker(asked, workers, 0)
  return choice && [choice.lane, choice.worker.name]
}

describe('resolve', () => {
  const held = worker('held', ['a', 'b'], { stage: 'held', heldCalls: ['one', 'two'] })

  test('needs the results of exactly the held calls', () => {
    expect(choose(turn(['a', 'b'], ['two', 'one']), held)).toEqual(['resolve', 'held'])
    for (const ids of [['one'], ['one', 'two', 'three'], ['one', 'three']]) {
      expect(choose(turn(['a', 'b'], ids), held)?.[0]).not.toBe('resolve')
    }
  })

  test('is not chosen if the client changed the calls', () => {
    const more = worker('held', ['a', 'b', 'c', 'd'], { stage: 'held', heldCalls: ['one'] })
    const choice = chooseWorker(turn(['a', 'b', 'c', 'changed'], ['one']), [more], 0)
    expect(choice).toMatchObject({
      lane: 'rewind',
      way: { kind: 'rewind', cut: { keep: 2, target: 'uuid of c' } },
    })
  })

  test('a held worker is never continued, whatever comes', () => {
    expect(choose(turn(['a', 'b']), held)?.[0]).not.toBe('continue')
  })
})

describe('continue', () => {
  test('takes the worker with exactly this history', () => {
    const workers = [worker('less', ['a', 'b']), worker('there', ['a', 'b', 'c', 'd'])]
    expect(choose(turn(['a', 'b', 'c', 'd']), ...workers)).toEqual(['continue', 'there'])
  })

  test('never takes a worker in doubt', () => {
    const doubtful = worker('doubtful', ['a', 'b'])
    doubtful.transcript.doubt()
    expect(choose(turn(['a', 'b']), doubtful)).toEqual(['open', 'doubtful'])
  })
})

describe('rewind', () => {
  test('takes the worker with the longest common beginning', () => {
    const workers = [
      worker('short', ['a', 'b', 'x', 'y']),
      worker('long', ['a', 'b', 'c', 'd', 'x', 'y']),
      worker('other', ['z', 'z']),
    ]
    const asked = turn(['a', 'b', 'c', 'd', 'e', 'f'])
    expect(choose(asked, ...workers)).toEqual(['rewind', 'long'])
    expect(choose(asked, ...workers.toReversed())).toEqual(['rewind', 'long'])
  })

  test('cuts nothing if the turn needs all that the worker holds', () => {
    const choice = chooseWorker(turn(['a', 'b', 'c', 'd']), [worker('w', ['a', 'b'])], 0)
    expect(choice).toMatchObject({ lane: 'rewind', way: { kind: 'extend', keep: 2 } })
  })

  test('of a worker with held calls cuts them off, also if the turn needs everything else', () => {
    const held = worker('w', ['a', 'b', 'c', 'd'], { stage: 'held', heldCalls: ['one'] })
    const choice = chooseWorker(turn(['a', 'b', 'c', 'd', 'e', 'f']), [held], 0)
    expect(choice).toMatchObject({
      lane: 'rewind',
      way: { kind: 'rewind', cut: { keep: 2, target: 'uuid of c' } },
    })
  })

  test('becomes open if not even one message would stay', () => {
    expect(choose(turn(['x', 'y']), worker('w', ['a', 'b']))).toEqual(['open', 'w'])
    expect(choose(turn([]), worker('w', ['a', 'b']))).toEqual(['open', 'w'])
  })
})

describe('open', () => {
  test('drops the conversation that is least likely to continue', () => {
    const now = 60_000
    const workers = [
      worker('held', ['a', 'b'], { stage: 'held', heldCalls: ['c'], lastUsed: now }),
      worker('long, just now', ['a', 'b', 'c', 'd'], { lastUsed: now }),
      worker('long, a minute ago', ['a', 'b', 'c', 'd']),
      worker('single, just now', ['a', 'b'], { lastUsed: now }),
      worker('forced calls', ['a', 'b'], { stage: 'held', isForced: true, lastUsed: now }),
      worker('single, a minute ago', ['a', 'b']),
      worker('empty', []),
    ]
    expect(byValue(workers, now).map(({ name }) => name)).toEqual([
      'empty',
      'single, a minute ago',
      'forced calls',
      'single, just now',
      'long, a minute ago',
      'long, just now',
      'held',
    ])
  })

  test('prefers the empty worker that worked last, and ends the others first', () => {
    const workers = [5, 9, 1].map((lastUsed) => worker(`at ${lastUsed}`, [], { lastUsed }))
    expect(choose(turn([]), ...workers)).toEqual(['open', 'at 9'])
    expect(byValue(workers, 10).map(({ name }) => name)).toEqual(['at 1', 'at 5', 'at 9'])
  })

  test('is not for a busy worker, or one that used other betas with the model', () => {
    expect(choose(turn([]), worker('busy', [], { isAvailable: false }))).toBeUndefined()
    expect(choose(turn([]), worker('other betas', [], { takes: () => false }))).toBeUndefined()
  })
})

describe('a count of tokens', () => {
  const counting = { isCounter: true, canCount: true }
  const unasked = { isCounter: false, canCount: true }
  const asked = { isCounter: false, canCount: false }

  test('goes to the worker that counted before, so that no other is lost for turns', () => {
    expect(chooseCounter([unasked, asked, counting])).toBe(counting)
  })

  test('goes to a worker that served no turn, if none counted before', () => {
    expect(chooseCounter([asked, unasked])).toBe(unasked)
    expect(chooseCounter([asked])).toBeUndefined()
  })
})
