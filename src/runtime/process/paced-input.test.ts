import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'

import { describe, expect, test } from 'vitest'

import { PIECE_LENGTH } from '../../text-pieces.ts'
import { PacedInput } from './paced-input.ts'

const LARGE = 'a "large" text \u{1f600}\n'.repeat(40_000)

/** A process's stdin that accepts one piece at a time, on request. */
class Stdin extends Writable {
  readonly pieces: string[] = []
  isSlow = false
  #take: (() => void) | undefined

  constructor() {
    super({ decodeStrings: false })
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.pieces.push(chunk)
    if (this.isSlow) this.#take = done
    else done()
  }

  take(): void {
    this.#take?.()
  }

  get text(): string {
    return this.pieces.join('')
  }
}

/** Resolves when everything written so far has reached the stdin. */
function written(input: PacedInput): Promise<void> {
  return new Promise((resolve) => input.write('', () => resolve()))
}

test('a short line is written at once, unchanged', () => {
  const stdin = new Stdin()
  const input = new PacedInput(stdin)
  input.write('{"a":1}\n')
  expect(stdin.pieces).toEqual(['{"a":1}\n'])
})

test('a small value is written in the line itself', () => {
  const input = new PacedInput(new Stdin())
  const value = [{ type: 'text', text: 'Hello' }]
  expect(input.nameOf(value)).toBe(value)
})

describe('a large value', () => {
  test('replaces its name, and lines keep their order', async () => {
    const stdin = new Stdin()
    const input = new PacedInput(stdin)
    const line = { one: input.nameOf(LARGE), between: 'x', two: input.nameOf([{ text: LARGE }]) }
    expect(JSON.stringify(line).length).toBeLessThan(200)
    input.write('"before"\n')
    input.write(`${JSON.stringify(line)}\n`)
    input.write('"after"\n')
    await written(input)
    const whole = { one: LARGE, between: 'x', two: [{ text: LARGE }] }
    expect(stdin.text).toBe(`"before"\n${JSON.stringify(whole)}\n"after"\n`)
  })

  test('is written in its own line, not in an earlier one', async () => {
    const stdin = new Stdin()
    const input = new PacedInput(stdin)
    const name = input.nameOf(LARGE)
    input.write(`${JSON.stringify({ other: 'x'.repeat(PIECE_LENGTH) })}\n`)
    input.write(`${JSON.stringify(name)}\n`)
    await written(input)
    expect(stdin.text.split('\n')[1]).toBe(JSON.stringify(LARGE))
  })

  test('lets other work continue after some milliseconds', async () => {
    let [now, pauses] = [0, 0]
    const stdin = new Stdin()
    const input = new PacedInput(
      stdin,
      () => {
        pauses += 1
        return Promise.resolve()
      },
      () => (now += 1),
    )
    input.write(`${JSON.stringify(input.nameOf('x'.repeat(100 * PIECE_LENGTH)))}\n`)
    await written(input)
    expect(pauses).toBeGreaterThanOrEqual(9)
    expect(Math.max(...stdin.pieces.map((piece) => piece.length))).toBeLessThanOrEqual(PIECE_LENGTH)
  })

  test('is made no faster than the process reads', async () => {
    const stdin = new Stdin()
    stdin.isSlow = true
    const input = new PacedInput(stdin)
    input.write(`${JSON.stringify(input.nameOf('x'.repeat(100 * PIECE_LENGTH)))}\n`)
    for (let round = 0; round < 20; round += 1) await setImmediate()
    expect(stdin.pieces.length).toBeLessThan(5)
    stdin.isSlow = false
    stdin.take()
    await written(input)
    expect(stdin.text.length).toBe(100 * PIECE_LENGTH + 3)
  })

  test('is not written further once its process has ended', async () => {
    const stdin = new Stdin()
    stdin.isSlow = true
    const input = new PacedInput(stdin)
    input.on('error', () => {})
    input.write(`${JSON.stringify(input.nameOf('x'.repeat(100 * PIECE_LENGTH)))}\n`)
    await setImmediate()
    const { length } = stdin.pieces
    stdin.destroy(new Error('EPIPE'))
    for (let round = 0; round < 20; round += 1) await setImmediate()
    expect(stdin.pieces.length).toBe(length)
    expect(input.destroyed).toBe(true)
  })
})

test('a long line of the SDK itself is written in pieces too', async () => {
  const stdin = new Stdin()
  const input = new PacedInput(stdin)
  const line = `${JSON.stringify({ text: LARGE })}\n`
  input.write(line)
  await written(input)
  expect(stdin.text).toBe(line)
  expect(Math.max(...stdin.pieces.map((piece) => piece.length))).toBeLessThanOrEqual(
    PIECE_LENGTH + 1,
  )
})

test('the end of the input is the end of stdin', async () => {
  const stdin = new Stdin()
  const input = new PacedInput(stdin)
  input.end('"last"\n')
  await new Promise((resolve) => stdin.once('finish', resolve))
  expect(stdin.text).toBe('"last"\n')
})
