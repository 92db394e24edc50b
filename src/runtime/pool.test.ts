import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { ApiError } from '../errors.ts'
import { Pool, type PoolLimits } from './pool.ts'
import type { Session, SessionState } from './session.ts'

const LIMITS: PoolLimits = {
  maxSessions: 1,
  idleTimeout: 5000,
  holdTimeout: 7000,
  queueTimeout: 1000,
  queueLimit: 3,
}

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

/** What the pool looks at of a session. */
type Fake = {
  session: Session
  causes: string[]
  become: (state: SessionState, lineage?: string, heldCalls?: string[]) => void
}

function open(limits: Partial<PoolLimits> = {}) {
  const pool = new Pool({ ...LIMITS, ...limits })
  const staying = new AbortController().signal

  /** Adds a session at work, for which there must be room. */
  function add(): Fake {
    const causes: string[] = []
    const shown = {
      state: 'opening' as SessionState,
      lineage: '',
      heldCalls: [] as string[],
      exited: Promise.resolve(),
      close(cause: string) {
        if (shown.state === 'closed') return
        causes.push(cause)
        shown.state = 'closed'
        pool.update(session)
      },
    }
    const session = shown as unknown as Session
    pool.add(session)
    return {
      session,
      causes,
      become(state, lineage = '', heldCalls = []) {
        Object.assign(shown, { state, lineage, heldCalls })
        pool.update(session)
      },
    }
  }

  async function admitted(): Promise<Fake> {
    await pool.room(staying)
    return add()
  }

  /** A turn in line, and what became of it. */
  function standInLine(signal = staying) {
    const place: { outcome: unknown; fake: Fake | undefined } = {
      outcome: 'waits',
      fake: undefined,
    }
    async function stand(): Promise<void> {
      try {
        await pool.room(signal)
        place.outcome = 'admitted'
        place.fake = add()
      } catch (error) {
        place.outcome = error
      }
    }
    void stand()
    return place
  }

  return { pool, admitted, standInLine }
}

/** Lets promises settle. */
function settle(): Promise<unknown> {
  return vi.advanceTimersByTimeAsync(0)
}

describe('a session that waits', () => {
  test('is handed out once, to who has its lineage', async () => {
    const { pool, admitted } = open()
    const { session, become } = await admitted()
    become('idle', 'a')

    expect(pool.takeIdle('b')).toBeUndefined()
    expect(pool.takeIdle('a')).toBe(session)
    expect(pool.takeIdle('a')).toBeUndefined()
  })

  test('is the one used last, where there are two of one lineage', async () => {
    const { pool, admitted } = open({ maxSessions: 2 })
    const [first, second] = [await admitted(), await admitted()]
    second.become('idle', 'a')
    first.become('idle', 'a')
    expect(pool.takeIdle('a')).toBe(first.session)
    expect(pool.takeIdle('a')).toBe(second.session)
  })

  test('held, is handed out for exactly its calls', async () => {
    const { pool, admitted } = open()
    const { session, become } = await admitted()
    become('held', 'a', ['x', 'y'])
    expect(pool.takeIdle('a')).toBeUndefined()
    expect(pool.takeHeld('b', new Set(['x', 'y']))).toBeUndefined()
    expect(pool.takeHeld('a', new Set(['y', 'x']))).toBe(session)
    expect(pool.takeHeld('a', new Set(['y', 'x']))).toBeUndefined()
  })

  test.each([[[]], [['x']], [['x', 'z']], [['x', 'y', 'z']]])(
    'held for x and y, is not handed out for %j',
    async (ids) => {
      const { pool, admitted } = open()
      const { become } = await admitted()
      become('held', 'a', ['x', 'y'])
      expect(pool.takeHeld('a', new Set(ids))).toBeUndefined()
    },
  )

  test('is closed after its time: an idle one and a held one each after its own', async () => {
    const { pool, admitted } = open({ maxSessions: 2 })
    const [idle, held] = [await admitted(), await admitted()]
    idle.become('idle', 'a')
    held.become('held', 'b', ['x'])

    vi.advanceTimersByTime(LIMITS.idleTimeout - 1)
    expect([...idle.causes, ...held.causes]).toEqual([])
    vi.advanceTimersByTime(1)
    expect(idle.causes).toHaveLength(1)
    vi.advanceTimersByTime(LIMITS.holdTimeout - LIMITS.idleTimeout)
    expect(held.causes).toHaveLength(1)
    await settle()
    expect(pool.size).toBe(0)
  })

  test('is not closed while it is at work again, and has its whole time anew', async () => {
    const { pool, admitted } = open()
    const { become, causes } = await admitted()
    become('idle', 'a')
    vi.advanceTimersByTime(LIMITS.idleTimeout - 1)
    pool.takeIdle('a')
    become('asking')
    vi.advanceTimersByTime(LIMITS.idleTimeout * 2)
    expect(causes).toEqual([])

    become('idle', 'b')
    vi.advanceTimersByTime(LIMITS.idleTimeout - 1)
    expect(causes).toEqual([])
    vi.advanceTimersByTime(1)
    expect(causes).toHaveLength(1)
  })

  test('does not keep the program alive', async () => {
    vi.useRealTimers()
    const { admitted } = open({ idleTimeout: 2 ** 31 - 1 })
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const { become } = await admitted()
    become('idle', 'a')
    const after = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    expect(after).toBe(before)
  })
})

describe('a turn that needs a new session', () => {
  test('gets in at once where there is room', async () => {
    const { pool, admitted } = open({ maxSessions: 2 })
    await admitted()
    await admitted()
    expect(pool.size).toBe(2)
  })

  test('takes the place of the session that has been idle for the longest', async () => {
    const { admitted } = open({ maxSessions: 2 })
    const [first, second] = [await admitted(), await admitted()]
    second.become('idle', 'b')
    first.become('idle', 'a')
    await admitted()
    expect(second.causes).toHaveLength(1)
    expect(first.causes).toEqual([])
  })

  test('takes the place of an idle session before that of a held one', async () => {
    const { admitted } = open({ maxSessions: 2 })
    const [first, second] = [await admitted(), await admitted()]
    first.become('held', 'a', ['x'])
    second.become('idle', 'b')
    await admitted()
    expect(second.causes).toHaveLength(1)
    expect(first.causes).toEqual([])
  })

  test('waits while all are at work, and gets in when one is closed', async () => {
    const { admitted, standInLine } = open()
    const { become } = await admitted()
    const place = standInLine()
    await settle()
    expect(place.outcome).toBe('waits')
    become('closed')
    await settle()
    expect(place.outcome).toBe('admitted')
  })

  test('gets in when one becomes idle, which is closed', async () => {
    const { pool, admitted, standInLine } = open()
    const first = await admitted()
    const place = standInLine()
    first.become('idle', 'a')
    await settle()
    expect(place.outcome).toBe('admitted')
    expect(first.causes).toHaveLength(1)
    expect(pool.size).toBe(1)
  })

  test('gets in when room is given back', async () => {
    const { pool, standInLine } = open()
    await pool.room(new AbortController().signal)
    const place = standInLine()
    await settle()
    expect(place.outcome).toBe('waits')
    pool.giveBack()
    await settle()
    expect(place.outcome).toBe('admitted')
  })
})

describe('the line', () => {
  test.each<[string, (fake: Fake) => void]>([
    ['is closed', ({ become }) => become('closed')],
    ['becomes idle', ({ become }) => become('idle', 'a')],
    ['becomes held', ({ become }) => become('held', 'a', ['x'])],
  ])('is served one by one, first come first served, where each session %s', async (_name, end) => {
    const { pool, admitted, standInLine } = open()
    let working = await admitted()
    const places = [standInLine(), standInLine(), standInLine()]
    for (const [index, place] of places.entries()) {
      end(working)
      await settle()
      expect(places.map(({ outcome }) => outcome)).toEqual(
        places.map((_, other) => (other <= index ? 'admitted' : 'waits')),
      )
      expect(pool.size).toBe(1)
      if (place.fake) working = place.fake
    }
  })

  test.each<[string, (fake: Fake) => void]>([
    ['is closed', ({ become }) => become('closed')],
    ['becomes idle', ({ become }) => become('idle', 'a')],
  ])('leaves all room free behind it, where a session %s', async (_name, end) => {
    const { pool, admitted, standInLine } = open()
    const first = await admitted()
    const second = standInLine()
    end(first)
    await settle()
    second.fake?.become('closed')
    await settle()
    expect(pool.size).toBe(0)

    const third = standInLine()
    await settle()
    expect(third.outcome).toBe('admitted')
  })

  test('is not overtaken by who comes when there is room', async () => {
    const { admitted, standInLine } = open({ maxSessions: 1 })
    const first = await admitted()
    const [second, third] = [standInLine(), standInLine()]
    first.become('closed')
    const fourth = standInLine()
    await settle()
    expect([second.outcome, third.outcome, fourth.outcome]).toEqual(['admitted', 'waits', 'waits'])
  })

  test('is left after queueTimeout, with 529 and the time after which to come again', async () => {
    const { pool, admitted, standInLine } = open()
    const first = await admitted()
    const [second, third] = [standInLine(), standInLine()]
    await vi.advanceTimersByTimeAsync(LIMITS.queueTimeout - 1)
    expect(second.outcome).toBe('waits')
    await vi.advanceTimersByTimeAsync(1)
    for (const { outcome } of [second, third]) {
      expect(outcome).toBeInstanceOf(ApiError)
      expect(outcome).toMatchObject({ type: 'overloaded_error', status: 529 })
      expect((outcome as ApiError).retryAfter).toBeGreaterThan(0)
    }

    first.become('closed')
    const fourth = standInLine()
    await settle()
    expect(fourth.outcome).toBe('admitted')
    expect(pool.size).toBe(1)
  })

  test('is bounded: who finds it full is turned away at once, and the others keep their places', async () => {
    const { admitted, standInLine } = open({ queueLimit: 2 })
    const atWork = await admitted()
    const inLine = [standInLine(), standInLine()]
    const tooMany = standInLine()
    await settle()

    expect(inLine.map(({ outcome }) => outcome)).toEqual(['waits', 'waits'])
    expect(tooMany.outcome).toMatchObject({ status: 529, type: 'overloaded_error', retryAfter: 5 })
    expect(String(tooMany.outcome)).toContain('queue_limit')

    atWork.become('closed')
    await settle()
    expect(inLine.map(({ outcome }) => outcome)).toEqual(['admitted', 'waits'])
  })

  test('is left by a client that goes, whose place the next one has', async () => {
    const { admitted, standInLine } = open()
    const first = await admitted()
    const leaving = new AbortController()
    const [second, third] = [standInLine(leaving.signal), standInLine()]
    leaving.abort()
    await settle()
    expect(second.outcome).toBeInstanceOf(ApiError)
    first.become('closed')
    await settle()
    expect(third.outcome).toBe('admitted')
  })

  test('is not joined by a client that has gone already', async () => {
    const { admitted, standInLine } = open()
    await admitted()
    const place = standInLine(AbortSignal.abort())
    await settle()
    expect(place.outcome).toBeInstanceOf(ApiError)
  })

  test('leaves no timer behind', async () => {
    const { admitted, standInLine } = open()
    const first = await admitted()
    const second = standInLine()
    first.become('closed')
    await settle()
    second.fake?.become('closed')
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a pool that is closed', () => {
  test('closes every session, whatever it does', async () => {
    const { pool, admitted } = open({ maxSessions: 3 })
    const [idle, held, working] = [await admitted(), await admitted(), await admitted()]
    idle.become('idle', 'a')
    held.become('held', 'b', ['x'])
    pool.close()
    for (const { causes } of [idle, held, working]) expect(causes).toHaveLength(1)
    await settle()
    expect(pool.size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('turns away who stands in line', async () => {
    const { pool, admitted, standInLine } = open()
    await admitted()
    const place = standInLine()
    pool.close()
    await settle()
    expect(place.outcome).toMatchObject({ type: 'overloaded_error', status: 529 })
    expect(place.outcome).toHaveProperty('message', expect.stringContaining('stopping'))
  })
})
