import { describe, expect, test } from 'vitest'

import { linesOf } from './screen.ts'
import { renderTerminal } from './terminal-svg.ts'

const ESCAPE = '\u001B['

describe('the lines of a terminal', () => {
  test('keep their colours until a reset', () => {
    const [line] = linesOf([{ at: 5, text: `a${ESCAPE}1;36mb${ESCAPE}0mc` }])
    expect(line).toEqual({
      at: 5,
      spans: [
        { text: 'a', classes: '' },
        { text: 'b', classes: 'bold cyan' },
        { text: 'c', classes: '' },
      ],
    })
  })

  test('leave out cleared text, such as the frames of a spinner', () => {
    const lines = linesOf([
      { at: 1, text: `\r${ESCAPE}2K⠋ Starting` },
      { at: 2, text: `\r${ESCAPE}2K⠙ Starting` },
      { at: 3, text: `\r${ESCAPE}2KReady\r\n` },
    ])
    expect(lines.map(({ spans }) => spans.map(({ text }) => text).join(''))).toEqual(['Ready', ''])
  })
})

describe('the picture of a terminal', () => {
  test('shows text as text', () => {
    const svg = renderTerminal([{ at: 0, spans: [{ text: 'a <b> & c', classes: '' }] }], 20)
    expect(svg).toContain('<tspan>a &lt;b&gt; &amp; c</tspan>')
  })

  test('keeps the pauses between lines, and shortens long ones', () => {
    const lines = [0, 300, 60_000].map((at) => ({ at, spans: [{ text: 'x', classes: '' }] }))
    const delays = [...renderTerminal(lines, 20).matchAll(/animation-delay:([\d.]+)s/g)]
    expect(delays.map(([, delay]) => Number(delay))).toEqual([0, 0.3, 1.5])
  })
})
