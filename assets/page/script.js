// The page at `/`. All that it shows comes from one stream, `GET /v1/usage/stream`, which is read with
// `fetch` because an `EventSource` can't send a key.

const KEY = 'claude-sub-proxy key'
const byId = (id) => document.getElementById(id)

let latest

// ── Connection ──────────────────────────────────────────────────────────────────────────────────

const LONGEST_WAIT = 15_000

async function follow() {
  let wait = 500
  for (;;) {
    try {
      const response = await ask()
      if (response.status === 401) {
        await askForKey(sessionStorage.getItem(KEY) !== null)
        continue
      }
      if (!response.ok) throw new Error(await messageIn(response))
      for await (const overview of overviewsIn(response.body)) {
        wait = 500
        show(overview)
      }
      disconnected('The proxy has ended the connection.')
    } catch (error) {
      disconnected(error instanceof TypeError ? 'The proxy can not be reached.' : error.message)
    }
    await new Promise((resolve) => setTimeout(resolve, wait))
    wait = Math.min(wait * 2, LONGEST_WAIT)
  }
}

function ask() {
  const key = sessionStorage.getItem(KEY)
  return fetch('/v1/usage/stream', {
    cache: 'no-store',
    headers: key === null ? {} : { 'x-api-key': key },
  })
}

async function messageIn(response) {
  const body = await response.json().catch(() => undefined)
  return body?.error?.message ?? `The proxy answered ${response.status}.`
}

async function* overviewsIn(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    text += value
    const events = text.split('\n\n')
    text = events.pop()
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1]
      const parsed = data === undefined ? undefined : JSON.parse(data)
      if (parsed?.type === 'overview') yield parsed
    }
  }
}

function askForKey(wasRefused) {
  state('unknown', 'Behind a key.')
  // A link can't bring it.
  byId('links').hidden = true
  byId('main').hidden = true
  byId('key-form').hidden = false
  if (wasRefused) byId('key-note').textContent = 'That was not the key. Try again.'
  byId('key').focus()
  return new Promise((resolve) => {
    const submit = (event) => {
      event.preventDefault()
      sessionStorage.setItem(KEY, byId('key').value)
      byId('key').value = ''
      byId('key-form').hidden = true
      showClients()
      resolve()
    }
    byId('key-form').addEventListener('submit', submit, { once: true })
  })
}

function disconnected(text) {
  state('error', text)
  byId('main').classList.add('stale')
}

// ── What is shown ───────────────────────────────────────────────────────────────────────────────

function show(overview) {
  latest = overview
  byId('main').hidden = false
  byId('main').classList.remove('stale')
  byId('version').textContent = overview.version
  state(overview.state.level, overview.state.text)
  showLogin(overview.login)
  showUsage(overview.usage)
  showPlan(overview.plan, overview.login)
  showProcesses(overview)
  showLatency(overview.turns)
  showTurns(overview.turns)
  showUptime()
}

function state(level, text) {
  byId('state').dataset.level = level
  byId('state').textContent = text
}

const PROVIDERS = { bedrock: 'Amazon Bedrock', vertex: 'Google Vertex AI', foundry: 'Foundry' }
const SOURCES = {
  'claude.ai': 'claude.ai login',
  oauth_token: 'subscription token',
  api_key: 'API key',
}

function showLogin(login) {
  const how = PROVIDERS[login.provider] ?? SOURCES[login.source] ?? login.source
  const who = login.authenticated ? (login.email ?? how) : 'Nobody is logged in'
  byId('login-who').textContent = who
  byId('login-who').classList.toggle('bad', !login.authenticated)
  const plan = login.plan === undefined ? undefined : `plan: ${login.plan}`
  const known = [login.email === undefined ? undefined : how, login.organization, plan]
  const text = known.filter((part) => part !== undefined).join(' · ')
  byId('login-how').textContent = login.authenticated
    ? text
    : 'Run claude and then /login on this machine, or start the proxy with ANTHROPIC_API_KEY set.'
}

function showUsage({ today, since_start: sinceStart }) {
  const input = inputOf(today)
  byId('today-requests').textContent = number(today.requests)
  byId('today-errors').textContent = number(today.errors)
  byId('today-errors').classList.toggle('bad', today.errors > 0)
  byId('today-input').textContent = short(input)
  byId('today-output').textContent = short(today.output_tokens)
  const cached =
    input === 0
      ? ''
      : `${percent(today.cache_read_input_tokens / input)} of the tokens in came from the cache. `
  byId('usage-note').textContent =
    `${cached}Since the start: ${number(sinceStart.requests)} requests, ${short(
      inputOf(sinceStart),
    )} tokens in, ${short(sinceStart.output_tokens)} out.`
}

function inputOf(counts) {
  return counts.input_tokens + counts.cache_read_input_tokens + counts.cache_creation_input_tokens
}

const WINDOWS = { five_hour: '5 hours', seven_day: '7 days' }

function showPlan(plan, login) {
  byId('plan').replaceChildren(
    ...(plan?.windows ?? []).map(({ name, used, resets_at: resetsAt }) => {
      const level = used >= (plan.guard ?? 1) ? 'error' : used >= 0.75 ? 'warning' : 'ok'
      const fill = element('i')
      fill.style.width = `${Math.min(100, used * 100)}%`
      const track = element('div', { class: 'track', 'data-level': level }, fill)
      if (plan.guard !== null) {
        const mark = element('i', { class: 'guard' })
        mark.style.left = `calc(${plan.guard * 100}% - 2px)`
        track.append(mark)
      }
      track.setAttribute('role', 'img')
      track.setAttribute('aria-label', `${percent(used)} used`)
      const until =
        resetsAt === null
          ? ''
          : ` · resets in ${duration(Math.ceil((Date.parse(resetsAt) - Date.now()) / 60_000) * 60_000)}`
      return element(
        'div',
        { class: 'window' },
        element(
          'div',
          { class: 'row' },
          element('span', {}, windowName(name)),
          element(
            'span',
            {},
            element('b', {}, percent(used)),
            element('span', { class: 'muted' }, until),
          ),
        ),
        track,
      )
    }),
  )
  byId('plan-note').textContent = planNote(plan, login)
}

function windowName(name) {
  const [whole, window, scope] = /^(five_hour|seven_day)_?(.*)$/.exec(name) ?? [name]
  if (window === undefined) return whole
  return scope === '' ? WINDOWS[window] : `${WINDOWS[window]}, ${scope.replaceAll('_', ' ')}`
}

function planNote(plan, login) {
  if (!login.authenticated) return ''
  if (plan === null) {
    return login.source === 'api_key' || !['firstParty', undefined].includes(login.provider)
      ? 'Without a subscription there are no windows.'
      : 'A subscription’s windows are known after the first turn.'
  }
  const guard =
    plan.guard === null ? '' : `usage_guard refuses requests from ${percent(plan.guard)} on. `
  return plan.overage.in_use ? `${guard}Overage is being paid for.` : guard
}

const STATES = {
  asking: 'asking: a reply is under way',
  opening: 'opening: a conversation is put in',
  held: 'held: waits for tool results',
  idle: 'idle: keeps a conversation',
  starting: 'starting: a process is being started',
}

function showProcesses({ processes, max_processes: limit, in_flight: inFlight, waiting }) {
  const states = Object.keys(STATES).filter((name) => processes[name] > 0)
  byId('processes').replaceChildren(
    ...states.map((name) => {
      const part = element('i', { 'data-state': name })
      part.style.width = `${(100 * processes[name]) / limit}%`
      return part
    }),
  )
  byId('processes-legend').replaceChildren(
    ...Object.entries(STATES).map(([name, title]) =>
      element(
        'li',
        { 'data-state': name, title },
        `${name} `,
        element('b', {}, number(processes[name])),
      ),
    ),
  )
  const total = Object.values(processes).reduce((sum, count) => sum + count, 0)
  const line = waiting === 0 ? '' : `, ${number(waiting)} in line`
  byId('processes-note').textContent =
    `${total} of ${limit} · requests: ${number(inFlight)} in flight${line}`
}

// ── Latency ─────────────────────────────────────────────────────────────────────────────────────

const LANES = {
  resolve: 'resolve: tool results for a worker that waited for them',
  continue: 'continue: a worker went on with its conversation',
  rewind: 'rewind: a worker was cut back to where the conversations part',
  open: 'open: a worker was told the whole conversation',
  run: 'run: Claude Code worked with its own tools',
}
const TICKS = [0.01, 0.1, 1, 10, 60, 600]

function showLatency(turns) {
  const timed = turns.filter((turn) => turn.first_event_ms !== null).toReversed()
  const lanes = Object.keys(LANES).filter((lane) => timed.some((turn) => turn.lane === lane))
  byId('latency-legend').replaceChildren(
    ...lanes.map((lane) => element('li', { 'data-lane': lane, title: LANES[lane] }, lane)),
  )
  byId('latency').replaceChildren(...(timed.length === 0 ? [] : [chart(timed)]))
  const all = timed.map((turn) => turn.first_event_ms).toSorted((a, b) => a - b)
  byId('latency-note').textContent =
    timed.length === 0
      ? 'Here will be the time to the first event, and to the end, of each turn.'
      : `Each line is a turn, the latest on the right: ● its first event, ○ its end. Half of them began within ${duration(
          all[Math.floor((all.length - 1) / 2)],
        )}, all within ${duration(all.at(-1))}.`
}

function chart(turns) {
  const frame = byId('latency').getBoundingClientRect()
  const [width, height] = [Math.max(280, Math.floor(frame.width)), 200]
  const [left, right, top, bottom] = [64, 8, 10, 10]
  const times = turns.flatMap((turn) => [turn.first_event_ms, turn.total_ms]).map(seconds)
  const least = TICKS.findLast((tick) => tick <= Math.min(...times)) ?? TICKS[0]
  const most =
    TICKS.find((tick) => tick >= Math.max(...times) && tick > least) ?? Math.max(...times)
  const y = (time) =>
    height - bottom - ((height - top - bottom) * Math.log(time / least)) / Math.log(most / least)
  const step = Math.min(56, (width - left - right) / turns.length)
  const x = (index) => width - right - (turns.length - index - 0.5) * step
  const radius = Math.max(2, Math.min(4.5, step / 3))

  const ticks = TICKS.filter((tick) => tick >= least && tick <= most).flatMap((tick) => [
    shape('line', { class: 'grid', x1: left, x2: width - right, y1: y(tick), y2: y(tick) }),
    shape('text', { x: left - 12, y: y(tick) + 4, 'text-anchor': 'end' }, duration(tick * 1000)),
  ])
  const marks = turns.map((turn, index) => {
    const [first, whole] = [y(seconds(turn.first_event_ms)), y(seconds(turn.total_ms))]
    const at = x(index)
    return shape(
      'g',
      { 'data-lane': turn.lane },
      shape(
        'title',
        {},
        `${turn.lane}, ${turn.model}: ${duration(turn.first_event_ms)}, ${duration(turn.total_ms)} in all, ${turn.outcome}`,
      ),
      shape('line', { class: 'range', x1: at, x2: at, y1: first, y2: whole }),
      shape('circle', {
        class: turn.outcome === 'error' ? 'whole failed' : 'whole',
        cx: at,
        cy: whole,
        r: radius - 0.5,
      }),
      shape('circle', { class: 'first', cx: at, cy: first, r: radius }),
    )
  })
  return shape(
    'svg',
    {
      class: 'chart',
      width,
      height,
      role: 'img',
      'aria-label': `Time to the first event and to the end of the last ${turns.length} turns`,
    },
    ...ticks,
    ...marks,
  )
}

/** Not 0: the scale is logarithmic. */
function seconds(milliseconds) {
  return Math.max(1, milliseconds) / 1000
}

// ── Turns ───────────────────────────────────────────────────────────────────────────────────────

const OUTCOMES = { whole: 'ok' }

function showTurns(turns) {
  byId('turns-note').textContent = turns.length === 0 ? 'Nothing was asked yet.' : ''
  byId('turns').closest('.scroll').hidden = turns.length === 0
  byId('turns').replaceChildren(
    ...turns.map((turn) => {
      const isBad = turn.outcome === 'error' || turn.outcome === 'timed out'
      const outcome = isBad
        ? `${turn.status} ${turn.error_type ?? turn.outcome}`
        : (OUTCOMES[turn.outcome] ?? turn.outcome)
      const cells = [
        [new Date(turn.at).toLocaleTimeString(), ''],
        [turn.model, ''],
        [
          element(
            'span',
            { class: 'lane', 'data-lane': turn.lane },
            turn.lane === 'none' ? '–' : turn.lane,
          ),
          '',
        ],
        [outcome, isBad ? 'bad' : ''],
        [turn.first_event_ms === null ? '–' : duration(turn.first_event_ms), 'number'],
        [duration(turn.total_ms), 'number'],
        [number(inputOf(turn)), 'number'],
        [number(turn.cache_read_input_tokens), 'number'],
        [number(turn.output_tokens), 'number'],
      ]
      return element(
        'tr',
        { title: turn.id },
        ...cells.map(([content, kind]) =>
          element('td', kind === '' ? {} : { class: kind }, content),
        ),
      )
    }),
  )
}

// ── Clients ─────────────────────────────────────────────────────────────────────────────────────

function showClients() {
  const address = location.origin
  const key = sessionStorage.getItem(KEY) === null ? 'unused' : 'your-proxy-key'
  const examples = {
    'Any program': `ANTHROPIC_BASE_URL=${address} ANTHROPIC_API_KEY=${key} your-program`,
    Python: `Anthropic(base_url="${address}", api_key="${key}")`,
    TypeScript: `new Anthropic({ baseURL: '${address}', apiKey: '${key}' })`,
    'Programs for OpenAI': `OPENAI_BASE_URL=${address}/v1 OPENAI_API_KEY=${key} your-program`,
    curl: `curl ${address}/v1/messages -H 'x-api-key: ${key}' -H 'content-type: application/json' -d '{"max_tokens":1000,"messages":[{"role":"user","content":"Say hello."}]}'`,
  }
  byId('clients').replaceChildren(
    ...Object.entries(examples).map(([name, text]) => {
      const copy = element(
        'button',
        { class: 'quiet', type: 'button', 'aria-label': `Copy for ${name}` },
        'copy',
      )
      copy.addEventListener('click', () => void copied(copy, text))
      return element(
        'div',
        { class: 'client' },
        element('div', { class: 'row' }, name, copy),
        element('pre', { tabindex: '0' }, text),
      )
    }),
  )
}

/** The clipboard is there on this machine and over TLS only. */
async function copied(button, text) {
  try {
    await navigator.clipboard.writeText(text)
    button.textContent = 'copied'
  } catch {
    button.textContent = 'select and copy it'
  }
  setTimeout(() => (button.textContent = 'copy'), 2000)
}

// ── Words and numbers ───────────────────────────────────────────────────────────────────────────

function showUptime() {
  if (latest === undefined) return
  byId('uptime').textContent =
    `up for ${duration(1000 * Math.ceil((Date.now() - Date.parse(latest.started_at)) / 1000))}`
}

const NUMBER = new Intl.NumberFormat()
const SHORT = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })

function number(value) {
  return NUMBER.format(value)
}

function short(value) {
  return value < 10_000 ? number(value) : SHORT.format(value)
}

function percent(share) {
  return `${Math.round(share * 100)} %`
}

/** `210 ms`, `1.3 s`, `2 min 5 s`, `3 h 12 min`, `2 d 4 h`. */
function duration(milliseconds) {
  const ms = Math.max(0, milliseconds)
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${(ms / 1000).toFixed(1).replace('.0', '')} s`
  const total = Math.round(ms / 1000)
  const units = [
    ['d', Math.floor(total / 86_400)],
    ['h', Math.floor(total / 3600) % 24],
    ['min', Math.floor(total / 60) % 60],
    ['s', total % 60],
  ]
  const first = units.findIndex(([, count]) => count > 0)
  return units
    .slice(first, first + 2)
    .filter(([, count]) => count > 0)
    .map(([unit, count]) => `${count} ${unit}`)
    .join(' ')
}

function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children)
}

function shape(name, attributes = {}, ...children) {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children)
}

function filled(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value))
  node.append(...children)
  return node
}

// ── Start ───────────────────────────────────────────────────────────────────────────────────────

showClients()
addEventListener('resize', () => latest && showLatency(latest.turns))
// Times grow old without an event.
setInterval(() => {
  if (latest === undefined) return
  showUptime()
  showPlan(latest.plan, latest.login)
}, 10_000)
void follow()
