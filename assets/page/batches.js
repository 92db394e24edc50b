import { ask, messageIn } from './access.js'
import { byId, copyButton, element, say } from './dom.js'
import { duration, number, percent, soon } from './format.js'
import { t } from './language.js'

const REASONS = {
  resume: t('it is paused'),
  'interactive requests': t('interactive requests go first'),
  'plan window': t('its share of the plan window is used'),
  'key limit': t('its key is over a limit'),
  key: t('its key was removed'),
  'rate limit': t('the rate limit was reached'),
  overload: t('the API is overloaded'),
  login: t('nobody is logged in'),
  billing: t('the account cannot be billed'),
  'next attempt': t('a failed request will be repeated later'),
  store: t('the database or its folder cannot be used'),
}

/** The buttons of a batch: their texts, and their names for screen readers. */
const VERBS = {
  pause: { text: t('pause'), label: (id) => t('pause {id}', { id }) },
  resume: { text: t('resume'), label: (id) => t('resume {id}', { id }) },
  cancel: { text: t('cancel'), label: (id) => t('cancel {id}', { id }) },
}

/** The elements of each batch, by its id. */
const cards = new Map()

export function showBatches(batches = []) {
  byId('batches-card').hidden = batches.length === 0
  const ids = new Set(batches.map(({ id }) => id))
  for (const [id, card] of cards) {
    if (ids.has(id)) continue
    card.remove()
    cards.delete(id)
  }
  for (const batch of batches) {
    const card = cards.get(batch.id) ?? newCard(batch)
    cards.set(batch.id, card)
    if (!card.isConnected) byId('batches').append(card)
    update(card, batch)
  }
}

function newCard({ id }) {
  const bar = element('i')
  const failed = element('i', { class: 'failed' })
  const card = element(
    'div',
    { class: 'batch' },
    element(
      'div',
      { class: 'row' },
      element(
        'span',
        {},
        element('code', {}, id),
        copyButton(t('Copy the id {id}', { id }), () => id),
      ),
      element('b', { class: 'share' }),
    ),
    element('div', { class: 'track', role: 'img' }, bar, failed),
    element('p', { class: 'muted about' }),
    element('div', { class: 'actions' }, ...Object.keys(VERBS).map((verb) => action(id, verb))),
  )
  return card
}

function action(id, verb) {
  const button = element(
    'button',
    { class: 'quiet', type: 'button', 'data-verb': verb, 'aria-label': VERBS[verb].label(id) },
    VERBS[verb].text,
  )
  button.addEventListener('click', async () => {
    button.disabled = true
    try {
      const response = await ask(`/v1/messages/batches/${encodeURIComponent(id)}/${verb}`, {
        method: 'POST',
      })
      say('batches-note', response.ok ? '' : await messageIn(response))
    } catch {
      say('batches-note', t('The proxy cannot be reached.'))
    }
    button.disabled = false
  })
  return button
}

function update(card, batch) {
  const { processing, succeeded, errored, canceled, expired } = batch.counts
  const bad = errored + canceled + expired
  const total = processing + succeeded + bad
  const done = total === 0 ? 0 : (succeeded + bad) / total
  const [bar, failed] = card.querySelectorAll('.track > i')
  bar.style.width = `${(100 * succeeded) / Math.max(1, total)}%`
  failed.style.width = `${(100 * bad) / Math.max(1, total)}%`
  card
    .querySelector('.track')
    .setAttribute('aria-label', t('{share} done', { share: percent(done) }))
  set(card.querySelector('.share'), percent(done))
  set(card.querySelector('.about'), aboutOf(batch, total, bad))
  const isCanceling = batch.status === 'canceling'
  const hidden = {
    pause: batch.paused || isCanceling,
    resume: !batch.paused || isCanceling,
    cancel: isCanceling,
  }
  for (const button of card.querySelectorAll('[data-verb]'))
    button.hidden = hidden[button.dataset.verb]
}

function set(node, text) {
  if (node.textContent !== text) node.textContent = text
}

function aboutOf(batch, total, bad) {
  const {
    counts,
    in_flight: inFlight,
    rate_per_minute: rate,
    done_at: doneAt,
    waits_for: wait,
  } = batch
  const parts = [
    t('{count} of {total} succeeded', {
      count: number(counts.succeeded),
      total: number(total),
    }),
    bad > 0 ? t('{count} did not', { count: number(bad) }) : undefined,
    t('{count} in flight', { count: number(inFlight) }),
    rate === null || rate === 0 ? undefined : t('{count} a minute', { count: number(rate) }),
    doneAt === null
      ? undefined
      : t('done at {time}, in {duration}', {
          time: soon(doneAt),
          duration: duration(Date.parse(doneAt) - Date.now()),
        }),
    batch.status === 'canceling' ? t('is being canceled') : undefined,
    wait === null ? undefined : waitText(wait),
  ]
  return parts.filter((part) => part !== undefined).join(' · ')
}

function waitText({ reason, until }) {
  const values = { reason: REASONS[reason] ?? reason }
  if (until === null) return t('waits: {reason}', values)
  return t('waits: {reason}, until {time}', { ...values, time: soon(until) })
}
