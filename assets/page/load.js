import { byId, say, shape, table } from './dom.js'
import { duration, number, shortClock } from './format.js'
import { sentences, t } from './language.js'

/** Minutes that the bars show. */
const MINUTES = 60

let latest = []

/** @param load the minutes since the start of the proxy, the oldest first */
export function showLoad(load) {
  latest = load
  const busy = load.filter(({ in_flight: inFlight }) => inFlight > 0)
  byId('load-card').hidden = busy.length === 0
  if (busy.length === 0) return
  draw()
  say('load-note', noteOf(busy))
  byId('load-table').replaceChildren(
    table(
      t('Load by minute'),
      [t('minute'), t('requests at a time'), t('waiting'), t('longest wait')],
      busy
        .toReversed()
        .map((minute) => [
          shortClock(minute.at),
          number(minute.in_flight),
          number(minute.waiting),
          duration(minute.longest_wait_ms),
        ]),
    ),
  )
}

function noteOf(busy) {
  const highest = (field) => Math.max(...busy.map((minute) => minute[field]))
  const wait = highest('longest_wait_ms')
  const line =
    highest('waiting') === 0
      ? t('None had to wait for a process.')
      : t('Up to {count} waited for a process, the longest {duration}.', {
          count: number(highest('waiting')),
          duration: duration(wait),
        })
  const atOnce = highest('in_flight')
  const requests =
    atOnce === 1
      ? t('One request at a time.')
      : t('Up to {count} requests at a time.', { count: number(atOnce) })
  return sentences(requests, line)
}

function draw() {
  if (byId('load-card').hidden) return
  const width = Math.max(280, Math.floor(byId('load').getBoundingClientRect().width))
  const [height, bottom, top] = [110, 20, 6]
  const most = Math.max(1, ...latest.map(({ in_flight: inFlight }) => inFlight))
  const step = width / MINUTES
  const scale = (value) => ((height - bottom - top) * value) / most
  const bars = latest.map((minute, index) => {
    const at = {
      x: (MINUTES - latest.length + index) * step + 0.5,
      width: Math.max(1, step - 1),
    }
    const bar = (kind, value) =>
      shape('rect', { class: kind, ...at, y: height - bottom - scale(value), height: scale(value) })
    const title = t('{time}: {count} at a time, {waiting} waiting', {
      time: shortClock(minute.at),
      count: number(minute.in_flight),
      waiting: number(minute.waiting),
    })
    return shape(
      'g',
      {},
      shape('title', {}, title),
      bar('bar', minute.in_flight),
      bar('bar waiting', minute.waiting),
    )
  })
  byId('load').replaceChildren(
    shape(
      'svg',
      {
        class: 'chart bars',
        width,
        height,
        role: 'img',
        'aria-label': t(
          'Requests at a time in each minute of the last hour. The table below has the numbers.',
        ),
      },
      shape('line', { class: 'grid', x1: 0, x2: width, y1: height - bottom, y2: height - bottom }),
      ...bars,
      shape('text', { x: 0, y: height - 4 }, t('an hour ago')),
      shape('text', { x: width, y: height - 4, 'text-anchor': 'end' }, t('now')),
    ),
  )
}

addEventListener('resize', draw)
