import { byId, shape, say, table } from './dom.js'
import { clock, duration, middle, number } from './format.js'
import { crossAt, laneLabel, laneName, LANES, markOf } from './lanes.js'
import { t } from './language.js'
import { isFailed, outcomeName } from './outcomes.js'

const TICKS = [0.01, 0.1, 1, 10, 60, 600]

let drawn = ''
let latest = []

/** @param turns the latest first */
export function showLatency(turns) {
  latest = turns
  byId('latency-card').hidden = turns.length === 0
  if (turns.length === 0) return
  const width = Math.floor(byId('latency').getBoundingClientRect().width)
  const state = `${width} ${turns[0]?.id} ${turns.length}`
  if (state === drawn) return
  drawn = state
  const shown = turns.toReversed()
  const lanes = Object.keys(LANES).filter((lane) => shown.some((turn) => turn.lane === lane))
  byId('latency-legend').replaceChildren(...lanes.map((lane) => laneLabel(lane, 'li')))
  byId('latency').replaceChildren(chart(shown, width))
  byId('latency-table').replaceChildren(laneTable(lanes, shown))
  const times = firstTimes(shown)
  say(
    'latency-note',
    times.length === 0
      ? t('No turn had an event; × is the end of a turn that failed.')
      : t(
          'Each line is a turn, the latest on the right: from its first event to its end (○); × failed. Half of them began within {half}, all within {all}.',
          { half: duration(quantile(times, 0.5)), all: duration(times.at(-1)) },
        ),
  )
}

addEventListener('resize', () => showLatency(latest))

function laneTable(lanes, turns) {
  return table(
    t('Latency by lane'),
    [
      t('lane'),
      t('turns'),
      t('failed'),
      t('first event: half within'),
      t('95 % within'),
      t('end: half within'),
    ],
    lanes.map((lane) => {
      const own = turns.filter((turn) => turn.lane === lane)
      const first = firstTimes(own)
      const whole = own.map((turn) => turn.total_ms).toSorted((a, b) => a - b)
      return [
        laneLabel(lane),
        number(own.length),
        number(own.filter(isFailed).length),
        first.length === 0 ? '–' : duration(quantile(first, 0.5)),
        first.length === 0 ? '–' : duration(quantile(first, 0.95)),
        duration(quantile(whole, 0.5)),
      ]
    }),
  )
}

function firstTimes(turns) {
  return turns
    .flatMap((turn) => (turn.first_event_ms === null ? [] : [turn.first_event_ms]))
    .toSorted((a, b) => a - b)
}

function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

function chart(turns, space) {
  const [width, height] = [Math.max(280, space), 200]
  const [left, right, top, bottom] = [64, 8, 10, 26]
  const times = turns
    .flatMap((turn) => [turn.first_event_ms ?? turn.total_ms, turn.total_ms])
    .map(seconds)
  const least = TICKS.findLast((tick) => tick <= Math.min(...times)) ?? TICKS[0]
  const most =
    TICKS.find((tick) => tick >= Math.max(...times) && tick > least) ?? Math.max(...times)
  const y = (time) =>
    height -
    bottom -
    ((height - top - bottom) * Math.log(Math.max(time, least) / least)) / Math.log(most / least)
  const step = Math.min(56, (width - left - right) / turns.length)
  const x = (index) => width - right - (turns.length - index - 0.5) * step
  const radius = Math.max(2, Math.min(4.5, step / 3))

  const ticks = TICKS.filter((tick) => tick >= least && tick <= most).flatMap((tick) => [
    shape('line', { class: 'grid', x1: left, x2: width - right, y1: y(tick), y2: y(tick) }),
    shape('text', { x: left - 12, y: y(tick) + 4, 'text-anchor': 'end' }, duration(tick * 1000)),
  ])
  const marks = turns.map((turn, index) => {
    const at = x(index)
    const whole = y(seconds(turn.total_ms))
    const first = turn.first_event_ms === null ? undefined : y(seconds(turn.first_event_ms))
    const began =
      first === undefined
        ? t('no event')
        : t('first event {duration}', { duration: duration(turn.first_event_ms) })
    const title = t('{time} {lane}, {model}: {began}, {total} total, {outcome}', {
      time: clock(turn.at),
      lane: laneName(turn.lane),
      model: middle(turn.model),
      began,
      total: duration(turn.total_ms),
      outcome: outcomeName(turn.outcome),
    })
    return shape(
      'g',
      { 'data-lane': turn.lane },
      shape('title', {}, title),
      ...(first === undefined
        ? []
        : [shape('line', { class: 'range', x1: at, x2: at, y1: first, y2: whole })]),
      isFailed(turn)
        ? crossAt(at, whole, radius)
        : shape('circle', { class: 'whole', cx: at, cy: whole, r: radius - 0.5 }),
      ...(first === undefined ? [] : [markOf(turn.lane, at, first, radius)]),
    )
  })
  return shape(
    'svg',
    {
      class: 'chart',
      width,
      height,
      role: 'img',
      'aria-label': t(
        'Time to the first event and to the end of the last {count} turns. The table below has the numbers by lane.',
        { count: turns.length },
      ),
    },
    ...ticks,
    ...marks,
    shape('text', { x: x(0), y: height - 4, 'text-anchor': 'middle' }, clock(turns[0].at)),
    ...(turns.length < 3
      ? []
      : [
          shape(
            'text',
            { x: width - right, y: height - 4, 'text-anchor': 'end' },
            clock(turns.at(-1).at),
          ),
        ]),
  )
}

/** Not 0: the scale is logarithmic. */
function seconds(milliseconds) {
  return Math.max(1, milliseconds) / 1000
}
