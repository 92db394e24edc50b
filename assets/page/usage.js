import { byId, element, say, shape, table } from './dom.js'
import { inputOf, middle, money, number, percent, short } from './format.js'
import { isBilled } from './plan.js'
import { costOf, modelsByKey, PRICES_AS_OF } from './prices.js'

/** Days that the bars show. */
const DAYS = 30

let login
let days = []

export function showToday({ today, since_start: sinceStart }, currentLogin) {
  login = currentLogin
  const input = inputOf(today)
  say('today-requests', number(today.requests))
  say('today-errors', number(today.errors))
  byId('today-errors').classList.toggle('bad', today.errors > 0)
  say('today-input', short(input))
  say('today-output', short(today.output_tokens))
  say('today-cost', money(costOf(today.by_model).dollars))
  const cached =
    input === 0
      ? ''
      : `${percent(today.cache_read_input_tokens / input)} of the tokens in came from the cache. `
  say(
    'usage-note',
    `${cached}Since the start: ${number(sinceStart.requests)} requests, ${short(
      inputOf(sinceStart),
    )} tokens in, ${short(sinceStart.output_tokens)} out.`,
  )
}

/** @param report of `GET /v1/usage` */
export function showDays(report) {
  const known = new Map(report.days.map((day) => [day.date, day]))
  days = lastDates(DAYS).map((date) => known.get(date) ?? { date, requests: 0 })
  const used = days.filter(({ requests }) => requests > 0)
  byId('days-card').hidden = used.length === 0
  if (used.length === 0) return
  drawDays()
  byId('days-tables').replaceChildren(
    table(
      `By day, the last ${DAYS} days`,
      ['day', 'requests', 'failed', 'tokens in', 'tokens out', 'at API prices'],
      used.toReversed().map((day) => [day.date, ...cells(day, day.by_model)]),
    ),
  )
  const models = sums(used.map(({ by_model: byModel }) => byModel))
  const keys = sums(used.map(({ by_key: byKey }) => byKey ?? {}))
  const modelsOf = modelsByKey(sums(used.map(({ by_key_and_model: both }) => both ?? {})))
  byId('models-table').replaceChildren(
    table(
      `By model, the last ${DAYS} days`,
      ['model', 'requests', 'failed', 'tokens in', 'tokens out', 'at API prices'],
      Object.entries(models).map(([model, counts]) => [
        element('span', { title: model }, middle(model)),
        ...cells(counts, { [model]: counts }),
      ]),
    ),
  )
  // With a single key, a table by key has no use.
  const isOneKey = Object.keys(keys).every((name) => name === 'default')
  byId('keys-table').hidden = isOneKey
  byId('keys-table').replaceChildren(
    table(
      `By key, the last ${DAYS} days`,
      ['key', 'requests', 'failed', 'tokens in', 'tokens out', 'at API prices'],
      Object.entries(keys).map(([name, counts]) => [name, ...cells(counts, modelsOf[name] ?? {})]),
    ),
  )
  const { dollars, unknown } = costOf(models)
  const isPlan = login?.authenticated === true && !isBilled(login)
  const billed = isPlan ? ' It is not billed: the plan covers it, except for paid overage.' : ''
  const without = unknown.length === 0 ? '' : ` Without a known price: ${unknown.join(', ')}.`
  say('days-note', `${money(dollars)} at API prices of ${PRICES_AS_OF}.${billed}${without}`)
}

export function drawDays() {
  if (byId('days-card').hidden) return
  const what = byId('days-what').value
  const valueOf = (day) =>
    day.requests === 0 ? 0 : what === 'requests' ? day.requests : inputOf(day) + day.output_tokens
  const width = Math.max(280, Math.floor(byId('days').getBoundingClientRect().width))
  const [height, bottom, top] = [140, 20, 20]
  const most = Math.max(1, ...days.map(valueOf))
  const step = width / days.length
  const scale = (value) => ((height - bottom - top) * value) / most
  const bars = days.map((day, index) => {
    const whole = scale(valueOf(day))
    const failed = what === 'requests' ? scale(day.errors ?? 0) : 0
    const at = { x: index * step + 1, width: Math.max(1, step - 2) }
    return shape(
      'g',
      {},
      shape('title', {}, `${day.date}: ${number(valueOf(day))} ${what}`),
      shape('rect', { class: 'bar', ...at, y: height - bottom - whole, height: whole, rx: 1.5 }),
      shape('rect', { class: 'bar failed', ...at, y: height - bottom - failed, height: failed }),
    )
  })
  byId('days').replaceChildren(
    shape(
      'svg',
      {
        class: 'chart bars',
        width,
        height,
        role: 'img',
        'aria-label': `${what} on each of the last ${days.length} days, ${number(most)} on the highest. The table below has the numbers.`,
      },
      ...bars,
      shape('text', { x: 0, y: 10 }, `${what}, highest ${short(most)}`),
      shape('text', { x: 0, y: height - 4 }, days[0].date),
      shape('text', { x: width, y: height - 4, 'text-anchor': 'end' }, 'today'),
    ),
  )
}

addEventListener('resize', drawDays)

function cells(counts, byModel) {
  return [
    number(counts.requests),
    number(counts.errors),
    short(inputOf(counts)),
    short(counts.output_tokens),
    money(costOf(byModel).dollars),
  ]
}

/** Adds up counts by name, the most requests first. */
function sums(maps) {
  const total = {}
  for (const [name, counts] of maps.flatMap((map) => Object.entries(map))) {
    const before = total[name] ?? {}
    total[name] = Object.fromEntries(
      Object.entries(counts).map(([field, value]) => [field, value + (before[field] ?? 0)]),
    )
  }
  return Object.fromEntries(
    Object.entries(total).toSorted(([, a], [, b]) => b.requests - a.requests),
  )
}

/** Dates in local time, as the proxy counts them. */
function lastDates(count) {
  return Array.from({ length: count }, (_, index) => {
    const date = new Date()
    date.setDate(date.getDate() - (count - 1 - index))
    const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    return parts.map((part) => String(part).padStart(2, '0')).join('-')
  })
}
