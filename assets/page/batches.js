import { ask, messageIn } from './access.js'
import { byId, copyButton, element, say } from './dom.js'
import { duration, number, percent, soon } from './format.js'

const REASONS = {
  resume: 'it is paused',
  'interactive requests': 'interactive requests go first',
  'plan window': 'its share of the plan window is used',
  'key limit': 'its key is over a limit',
  key: 'its key was removed',
  'rate limit': 'the rate limit was reached',
  overload: 'the API is overloaded',
  login: 'nobody is logged in',
  billing: 'the account cannot be billed',
  'next attempt': 'a failed request will be repeated later',
  store: 'the database or its folder cannot be used',
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
        copyButton(`Copy the id ${id}`, () => id),
      ),
      element('b', { class: 'share' }),
    ),
    element('div', { class: 'track', role: 'img' }, bar, failed),
    element('p', { class: 'muted about' }),
    element(
      'div',
      { class: 'actions' },
      ...['pause', 'resume', 'cancel'].map((verb) => action(id, verb)),
    ),
  )
  return card
}

function action(id, verb) {
  const button = element(
    'button',
    { class: 'quiet', type: 'button', 'data-verb': verb, 'aria-label': `${verb} ${id}` },
    verb,
  )
  button.addEventListener('click', async () => {
    button.disabled = true
    try {
      const response = await ask(`/v1/messages/batches/${encodeURIComponent(id)}/${verb}`, {
        method: 'POST',
      })
      say('batches-note', response.ok ? '' : await messageIn(response))
    } catch {
      say('batches-note', 'The proxy cannot be reached.')
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
  card.querySelector('.track').setAttribute('aria-label', `${percent(done)} done`)
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
    `${number(counts.succeeded)} of ${number(total)} succeeded`,
    bad > 0 ? `${number(bad)} did not` : undefined,
    `${number(inFlight)} in flight`,
    rate === null || rate === 0 ? undefined : `${number(rate)} a minute`,
    doneAt === null
      ? undefined
      : `done at ${soon(doneAt)}, in ${duration(Date.parse(doneAt) - Date.now())}`,
    batch.status === 'canceling' ? 'is being canceled' : undefined,
    wait === null
      ? undefined
      : `waits: ${REASONS[wait.reason] ?? wait.reason}${wait.until === null ? '' : `, until ${soon(wait.until)}`}`,
  ]
  return parts.filter((part) => part !== undefined).join(' · ')
}
