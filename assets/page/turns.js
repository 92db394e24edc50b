import { byId, copyButton, element, say } from './dom.js'
import { clock, duration, inputOf, middle, number } from './format.js'
import { hintFor } from './hints.js'
import { laneLabel, LANES } from './lanes.js'
import { isFailed } from './latency.js'

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
  if (shown.length === 0) return 'No requests yet. Try one below, or connect a client.'
  const parts = count < shown.length ? [`${count} of ${shown.length} turns match the filter.`] : []
  const known = new Set(shown.map(({ id }) => id))
  const newer = latest.filter(({ id }) => !known.has(id)).length
  if (isPaused) parts.push(`Paused: ${newer} newer ${newer === 1 ? 'turn' : 'turns'}.`)
  return parts.join(' ')
}

function offerChoices(id, values) {
  const select = byId(id)
  const known = new Set([...select.options].map(({ value }) => value))
  for (const value of new Set(values)) {
    if (!known.has(value)) select.append(element('option', { value }, middle(value)))
  }
}

function rowOf(turn) {
  const isBad = isFailed(turn)
  const outcome = isBad
    ? `${turn.status} ${turn.error_type ?? turn.outcome}`
    : turn.outcome === 'whole'
      ? 'ok'
      : turn.outcome
  const open = element(
    'button',
    { class: 'quiet open', type: 'button', 'aria-expanded': 'false' },
    outcome,
  )
  const cells = [
    [open, isBad ? 'bad' : '', 'outcome'],
    [clock(turn.at), '', 'time'],
    [duration(turn.total_ms), 'number', 'total'],
    [turn.first_event_ms === null ? '–' : duration(turn.first_event_ms), 'number', 'first event'],
    [number(inputOf(turn)), 'number', 'in'],
    [number(turn.cache_read_input_tokens), 'number', 'cached'],
    [number(turn.output_tokens), 'number', 'out'],
    [element('span', { title: turn.model }, middle(turn.model)), '', 'model'],
    [laneLabel(turn.lane), '', 'lane'],
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
  return count === 0 ? undefined : `${number(count)} tokens`
}

function detailOf(turn) {
  const facts = [
    ['message', turn.error_message],
    ['what to do', hintFor(turn)],
    ['request id', turn.id],
    ['API’s request id', turn.upstream_id],
    ['stop reason', turn.stop_reason],
    ['key', turn.key],
    ['model', turn.model],
    ['lane', LANES[turn.lane]?.text],
    ['read from the cache', tokens(turn.cache_read_input_tokens)],
    ['written to the cache', tokens(turn.cache_creation_input_tokens)],
  ].filter(([, value]) => value !== null && value !== undefined && value !== '')
  const list = element(
    'dl',
    { class: 'facts' },
    ...facts.map(([name, value]) =>
      element(
        'div',
        {},
        element('dt', {}, name),
        element(
          'dd',
          {},
          value,
          ...(/ id$|^message$/.test(name)
            ? [' ', copyButton(`Copy the ${name}`, () => value)]
            : []),
        ),
      ),
    ),
  )
  return element('tr', { class: 'detail' }, element('td', { colspan: COLUMNS }, list))
}
