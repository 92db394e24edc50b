import { byId, copyButton, element, say } from './dom.js'
import { clock, duration, inputOf, middle, number } from './format.js'
import { hintFor } from './hints.js'
import { laneLabel, laneName, LANES } from './lanes.js'
import { sentences, t } from './language.js'
import { isFailed, outcomeName } from './outcomes.js'

// A turn does not change once it has ended: a row is made once, and stays, so that a selection in
// it, a tooltip and an opened row are not disturbed when other turns come.

const COLUMNS = 9

/** By the turn's id: the turn, its row, and the row below it if it is open. */
const rows = new Map()
let latest = []
let shown = []
let isPaused = false

/** @param turns the latest first */
export function showTurns(turns) {
  latest = turns
  if (!isPaused) shown = turns
  const ids = new Set(shown.map(({ id }) => id))
  for (const [id, { row, detail }] of rows) {
    if (ids.has(id)) continue
    row.remove()
    detail?.remove()
    rows.delete(id)
  }
  const body = byId('turns')
  for (const turn of shown.filter(({ id }) => !rows.has(id)).toReversed()) {
    const entry = { turn, row: rowOf(turn), detail: undefined }
    rows.set(turn.id, entry)
    body.prepend(entry.row)
  }
  offerChoices(
    'turns-model',
    shown.map(({ model }) => model),
  )
  offerChoices(
    'turns-lane',
    shown.map(({ lane }) => lane),
    laneName,
  )
  const keys = new Set(shown.flatMap(({ key }) => key ?? []))
  offerChoices('turns-key', keys)
  byId('turns-key').hidden = keys.size < 2 && byId('turns-key').value === ''
  filter()
}

for (const id of ['turns-outcome', 'turns-model', 'turns-lane', 'turns-key']) {
  byId(id).addEventListener('change', filter)
}

byId('turns-pause').addEventListener('click', () => {
  isPaused = !isPaused
  byId('turns-pause').setAttribute('aria-pressed', String(isPaused))
  showTurns(latest)
})

function filter() {
  const [outcome, model, lane, key] = [
    'turns-outcome',
    'turns-model',
    'turns-lane',
    'turns-key',
  ].map((id) => byId(id).value)
  let count = 0
  for (const { turn, row, detail } of rows.values()) {
    const fits =
      (outcome === '' || (outcome === 'failed') === isFailed(turn)) &&
      (model === '' || turn.model === model) &&
      (lane === '' || turn.lane === lane) &&
      (key === '' || turn.key === key)
    row.hidden = !fits
    if (detail) detail.hidden = !fits
    if (fits) count += 1
  }
  byId('turns-scroll').hidden = shown.length === 0
  byId('turns-filters').hidden = shown.length === 0
  say('turns-note', note(count))
}

function note(count) {
  if (shown.length === 0) return t('No requests yet. Try one below, or connect a client.')
  const total = shown.length
  const matching =
    count < total ? t('{count} of {total} turns match the filter.', { count, total }) : ''
  if (!isPaused) return matching
  const known = new Set(shown.map(({ id }) => id))
  const newer = latest.filter(({ id }) => !known.has(id)).length
  const paused =
    newer === 1 ? t('Paused: 1 newer turn.') : t('Paused: {count} newer turns.', { count: newer })
  return sentences(matching, paused)
}

/** @param nameOf the text of a choice */
function offerChoices(id, values, nameOf = middle) {
  const select = byId(id)
  const known = new Set([...select.options].map(({ value }) => value))
  for (const value of new Set(values)) {
    if (!known.has(value)) select.append(element('option', { value }, nameOf(value)))
  }
}

function rowOf(turn) {
  const isBad = isFailed(turn)
  const outcome = isBad
    ? `${turn.status} ${turn.error_type ?? outcomeName(turn.outcome)}`
    : outcomeName(turn.outcome)
  const open = element(
    'button',
    { class: 'quiet open', type: 'button', 'aria-expanded': 'false' },
    outcome,
  )
  const cells = [
    [open, isBad ? 'bad' : '', t('outcome')],
    [clock(turn.at), '', t('time')],
    [duration(turn.total_ms), 'number', t('total')],
    [
      turn.first_event_ms === null ? '–' : duration(turn.first_event_ms),
      'number',
      t('first event'),
    ],
    [number(inputOf(turn)), 'number', t('in')],
    [number(turn.cache_read_input_tokens), 'number', t('cached')],
    [number(turn.output_tokens), 'number', t('out')],
    [element('span', { title: turn.model }, middle(turn.model)), '', t('model')],
    [laneLabel(turn.lane), '', t('lane')],
  ]
  const row = element(
    'tr',
    { class: isBad ? 'turn failed' : 'turn' },
    ...cells.map(([content, kind, label]) =>
      element('td', { class: kind, 'data-label': label }, content),
    ),
  )
  row.addEventListener('click', () => {
    // A click at the end of a text selection does not open the row.
    if (getSelection()?.isCollapsed ?? true) toggle(turn.id, open)
  })
  return row
}

function toggle(id, button) {
  const entry = rows.get(id)
  if (entry === undefined) return
  if (entry.detail) {
    entry.detail.remove()
    entry.detail = undefined
  } else {
    entry.detail = detailOf(entry.turn)
    entry.row.after(entry.detail)
  }
  button.setAttribute('aria-expanded', String(entry.detail !== undefined))
}

function tokens(count) {
  return count === 0 ? undefined : t('{count} tokens', { count: number(count) })
}

function detailOf(turn) {
  const facts = [
    [t('message'), turn.error_message, t('Copy the message')],
    [t('what to do'), hintFor(turn)],
    [t('request id'), turn.id, t('Copy the request id')],
    [t('API’s request id'), turn.upstream_id, t('Copy the API’s request id')],
    [t('stop reason'), turn.stop_reason],
    [t('key'), turn.key],
    [t('model'), turn.model],
    [t('lane'), LANES[turn.lane]?.text],
    [t('read from the cache'), tokens(turn.cache_read_input_tokens)],
    [t('written to the cache'), tokens(turn.cache_creation_input_tokens)],
  ].filter(([, value]) => value !== null && value !== undefined && value !== '')
  const list = element(
    'dl',
    { class: 'facts' },
    ...facts.map(([name, value, copyLabel]) =>
      element(
        'div',
        {},
        element('dt', {}, name),
        element(
          'dd',
          {},
          value,
          ...(copyLabel === undefined ? [] : [' ', copyButton(copyLabel, () => value)]),
        ),
      ),
    ),
  )
  return element('tr', { class: 'detail' }, element('td', { colspan: COLUMNS }, list))
}
