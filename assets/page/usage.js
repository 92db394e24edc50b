import { byId, element, say, shape, table } from './dom.js'
import { inputOf, middle, money, number, percent, short } from './format.js'
import { sentences, t } from './language.js'
import { isBilled } from './plan.js'
import { costOf, modelsByKey, PRICES_AS_OF } from './prices.js'

/** Days that the bars show. */
const DAYS = 30

/** The heads of the columns that `cells` fills. */
const CELLS = [t('requests'), t('failed'), t('tokens in'), t('tokens out'), t('at API prices')]

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
      : t('{share} of the tokens in came from the cache.', {
          share: percent(today.cache_read_input_tokens / input),
        })
  say(
    'usage-note',
    sentences(
      cached,
      t('Since the start: {requests} requests, {input} tokens in, {output} out.', {
        requests: number(sinceStart.requests),
        input: short(inputOf(sinceStart)),
        output: short(sinceStart.output_tokens),
      }),
    ),
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
      t('By day, the last {days} days', { days: DAYS }),
      [t('day'), ...CELLS],
      used.toReversed().map((day) => [day.date, ...cells(day, day.by_model)]),
    ),
  )
  const models = sums(used.map(({ by_model: byModel }) => byModel))
  const keys = sums(used.map(({ by_key: byKey }) => byKey ?? {}))
  const modelsOf = modelsByKey(sums(used.map(({ by_key_and_model: both }) => both ?? {})))
  byId('models-table').replaceChildren(
    table(
      t('By model, the last {days} days', { days: DAYS }),
      [t('model'), ...CELLS],
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
      t('By key, the last {days} days', { days: DAYS }),
      [t('key'), ...CELLS],
      Object.entries(keys).map(([name, counts]) => [name, ...cells(counts, modelsOf[name] ?? {})]),
    ),
  )
  const { dollars, unknown } = costOf(models)
  const isPlan = login?.authenticated === true && !isBilled(login)
  const billed = isPlan ? t('It is not billed: the plan covers it, except for paid overage.') : ''
  const without =
    unknown.length === 0
      ? ''
      : t('Without a known price: {models}.', { models: unknown.join(', ') })
  const price = t('{amount} at API prices of {date}.', {
    amount: money(dollars),
    date: PRICES_AS_OF,
  })
  say('days-note', sentences(price, billed, without))
}

export function drawDays() {
  if (byId('days-card').hidden) return
  const isOfRequests = byId('days-what').value === 'requests'
  const what = isOfRequests ? t('requests') : t('tokens')
  const valueOf = (day) =>
    day.requests === 0 ? 0 : isOfRequests ? day.requests : inputOf(day) + day.output_tokens
  const width = Math.max(280, Math.floor(byId('days').getBoundingClientRect().width))
  const [height, bottom, top] = [140, 20, 20]
  const most = Math.max(1, ...days.map(valueOf))
  const step = width / days.length
  const scale = (value) => ((height - bottom - top) * value) / most
  const bars = days.map((day, index) => {
    const whole = scale(valueOf(day))
    const failed = isOfRequests ? scale(day.errors ?? 0) : 0
    const at = { x: index * step + 1, width: Math.max(1, step - 2) }
    return shape(
      'g',
      {},
      shape(
        'title',
        {},
        t('{date}: {count} {what}', { date: day.date, count: number(valueOf(day)), what }),
      ),
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
        'aria-label': t(
          '{what} on each of the last {days} days, {most} on the highest. The table below has the numbers.',
          { what, days: days.length, most: number(most) },
        ),
      },
      ...bars,
      shape('text', { x: 0, y: 10 }, t('{what}, highest {most}', { what, most: short(most) })),
      shape('text', { x: 0, y: height - 4 }, days[0].date),
      shape('text', { x: width, y: height - 4, 'text-anchor': 'end' }, t('today')),
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
