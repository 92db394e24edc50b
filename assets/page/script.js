// The page at `/`. Its data comes from one stream, `GET /v1/usage/stream`, which is read with
// `fetch` because an `EventSource` can't send a key. The days come from `GET /v1/usage`.

import { ask, askForKey, eventsIn, messageIn } from './access.js'
import { showBatches } from './batches.js'
import { showClients } from './clients.js'
import { byId, say } from './dom.js'
import { duration } from './format.js'
import { t } from './language.js'
import { showLatency } from './latency.js'
import { showLoad } from './load.js'
import './log.js'
import { showNetwork } from './network.js'
import { showLogin, showPlan } from './plan.js'
import { showProcesses } from './processes.js'
import { offerModels } from './try.js'
import { showTurns } from './turns.js'
import { drawDays, showDays, showToday } from './usage.js'

const LONGEST_WAIT = 15_000
/** The shortest time between two requests for the days. */
const DAYS_MILLISECONDS = 3000

let latest
let daysAt = -Infinity
let requestsThen
let daysTimer

async function follow() {
  let wait = 500
  for (;;) {
    try {
      const response = await ask('/v1/usage/stream')
      if (response.status === 401) {
        state('unknown', t('A key is required.'))
        await askForKey()
        showClients()
        continue
      }
      if (!response.ok) throw new Error(await messageIn(response))
      void offerModels().catch(() => {})
      daysAt = -Infinity
      for await (const event of eventsIn(response.body)) {
        wait = 500
        if (event.type === 'overview') show(event)
      }
      disconnected(t('The proxy has ended the connection.'))
    } catch (error) {
      disconnected(error instanceof TypeError ? t('The proxy cannot be reached.') : error.message)
    }
    await new Promise((resolve) => setTimeout(resolve, wait))
    wait = Math.min(wait * 2, LONGEST_WAIT)
  }
}

function show(overview) {
  latest = overview
  byId('main').hidden = false
  byId('main').classList.remove('stale', 'loading')
  byId('main').removeAttribute('aria-busy')
  say('version', overview.version)
  state(overview.state.level, t(overview.state.text, overview.state.values))
  showLogin(overview.login)
  showToday(overview.usage, overview.login)
  showPlan(overview.plan, overview.login)
  showProcesses(overview)
  showBatches(overview.batches)
  showLatency(overview.turns)
  showTurns(overview.turns)
  showLoad(overview.load)
  showNetwork(overview.network_addresses)
  showUptime()
  void followDays(overview.usage.today.requests)
}

/** A request changes the days, but the page may show that later. */
async function followDays(requests) {
  if (requests === requestsThen && daysAt !== -Infinity) return
  const wait = daysAt + DAYS_MILLISECONDS - performance.now()
  if (wait > 0) {
    clearTimeout(daysTimer)
    daysTimer = setTimeout(() => void followDays(latest.usage.today.requests), wait)
    return
  }
  daysAt = performance.now()
  requestsThen = requests
  try {
    const response = await ask('/v1/usage')
    if (response.ok) showDays(await response.json())
  } catch {
    daysAt = -Infinity
  }
}

function disconnected(text) {
  state('error', text)
  byId('main').classList.add('stale')
}

function state(level, text) {
  byId('state').dataset.level = level
  say('state', text)
}

function showUptime() {
  if (latest === undefined) return
  say(
    'uptime',
    t('up for {duration}', {
      duration: duration(1000 * Math.ceil((Date.now() - Date.parse(latest.started_at)) / 1000)),
    }),
  )
}

byId('days-what').addEventListener('change', drawDays)
showClients()
// Relative times change without an event.
setInterval(() => {
  if (latest === undefined) return
  showUptime()
  showPlan(latest.plan, latest.login)
  void followDays(latest.usage.today.requests)
}, 10_000)
void follow()
