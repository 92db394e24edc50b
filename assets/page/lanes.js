import { element, shape } from './dom.js'
import { t } from './language.js'

/**
 * The name and the description of each lane, and its mark, which helps readers who can't see the
 * colours.
 */
export const LANES = {
  resolve: {
    name: t('resolve'),
    text: t('tool results went to the process that waited for them'),
    mark: 'diamond',
  },
  continue: {
    name: t('continue'),
    text: t('a process continued its conversation'),
    mark: 'circle',
  },
  rewind: {
    name: t('rewind'),
    text: t('a process went back to the last common message'),
    mark: 'triangle',
  },
  open: { name: t('open'), text: t('a process got the whole conversation'), mark: 'square' },
  run: { name: t('run'), text: t('Claude Code worked with its own tools'), mark: 'star' },
  none: { name: t('no process'), text: t('the turn ended before it got a process'), mark: 'cross' },
}

/** The mark of a lane, around a point. */
export function markOf(lane, x, y, r) {
  const points = (list) =>
    shape('polygon', {
      class: 'first',
      points: list.map(([dx, dy]) => `${x + dx * r},${y + dy * r}`).join(' '),
    })
  switch (LANES[lane]?.mark) {
    case 'diamond':
      return points([
        [0, -1.3],
        [1.3, 0],
        [0, 1.3],
        [-1.3, 0],
      ])
    case 'triangle':
      return points([
        [0, -1.2],
        [1.2, 1],
        [-1.2, 1],
      ])
    case 'square':
      return points([
        [-1, -1],
        [1, -1],
        [1, 1],
        [-1, 1],
      ])
    case 'star':
      return points(
        Array.from({ length: 10 }, (_, index) => {
          const [angle, length] = [(index * Math.PI) / 5, index % 2 === 0 ? 1.5 : 0.6]
          return [Math.sin(angle) * length, -Math.cos(angle) * length]
        }),
      )
    case 'circle':
      return shape('circle', { class: 'first', cx: x, cy: y, r })
    default:
      return crossAt(x, y, r)
  }
}

export function crossAt(x, y, r) {
  const d = `M${x - r},${y - r}L${x + r},${y + r}M${x - r},${y + r}L${x + r},${y - r}`
  return shape('path', { class: 'cross', d })
}

export function laneName(lane) {
  return LANES[lane]?.name ?? lane
}

/** A lane's name with its mark. */
export function laneLabel(lane, name = 'span') {
  const icon = shape(
    'svg',
    { class: 'mark', width: 12, height: 12, 'aria-hidden': 'true' },
    markOf(lane, 6, 6, 4),
  )
  const title = LANES[lane]?.text ?? ''
  return element(name, { class: 'lane', 'data-lane': lane, title }, icon, laneName(lane))
}
