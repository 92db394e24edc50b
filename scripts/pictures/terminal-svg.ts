import type { Line } from './screen.ts'

const LINE_HEIGHT = 20
const CHARACTER_WIDTH = 8.4
const MARGIN = 20
const BAR = 36

/** The longest pause in the recording, in milliseconds; longer ones are shortened. */
const LONGEST_PAUSE = 1200

/**
 * A terminal as an SVG whose lines appear one after another. If the system asks for reduced motion,
 * all lines appear at once.
 *
 * @param columns the width of the terminal, in characters
 */
export function renderTerminal(lines: readonly Line[], columns: number): string {
  const width = Math.ceil(columns * CHARACTER_WIDTH + 2 * MARGIN)
  const height = BAR + lines.length * LINE_HEIGHT + MARGIN
  const starts = startsOf(lines)
  const texts = lines.map((line, index) => {
    const spans = line.spans.map(
      ({ text, classes }) =>
        `<tspan${classes === '' ? '' : ` class="${classes}"`}>${escape(text)}</tspan>`,
    )
    const y = BAR + (index + 1) * LINE_HEIGHT
    const delay = ((starts[index] ?? 0) / 1000).toFixed(2)
    return `  <text x="${MARGIN}" y="${y}" style="animation-delay:${delay}s" xml:space="preserve">${spans.join('')}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="A recording of a terminal">
  <style>
    text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #e6e4df; animation: appear 0.01s both; }
    .bold { font-weight: bold } .dim { fill: #9a968c } .red { fill: #f28b82 } .green { fill: #8fce8f }
    .yellow { fill: #e8c35f } .blue { fill: #8ab4f8 } .magenta { fill: #d7a6e8 } .cyan { fill: #7fd1d8 }
    @keyframes appear { from { opacity: 0 } to { opacity: 1 } }
    @media (prefers-reduced-motion: reduce) { text { animation: none } }
  </style>
  <rect width="${width}" height="${height}" rx="8" fill="#1b1a18"/>
  <circle cx="20" cy="18" r="6" fill="#57534a"/><circle cx="40" cy="18" r="6" fill="#57534a"/><circle cx="60" cy="18" r="6" fill="#57534a"/>
${texts.filter((_, index) => lines[index]?.spans.length !== 0).join('\n')}
</svg>
`
}

/** When each line appears, in milliseconds. Long pauses are shortened. */
function startsOf(lines: readonly Line[]): number[] {
  let shown = 0
  let before = 0
  return lines.map(({ at }) => {
    shown += Math.min(Math.max(at - before, 0), LONGEST_PAUSE)
    before = Math.max(before, at)
    return shown
  })
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
