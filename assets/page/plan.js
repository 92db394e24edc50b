import { byId, element, say } from './dom.js'
import { duration, percent, soon } from './format.js'
import { sentences, t } from './language.js'

const PROVIDERS = { bedrock: 'Amazon Bedrock', vertex: 'Google Vertex AI', foundry: 'Foundry' }
const SOURCES = {
  'claude.ai': t('claude.ai login'),
  oauth_token: t('subscription token'),
  api_key: t('API key'),
}

/** Whether tokens are billed one by one, and not by a plan. */
export function isBilled(login) {
  return login.source === 'api_key' || !['firstParty', undefined].includes(login.provider)
}

export function showLogin(login) {
  const how = PROVIDERS[login.provider] ?? SOURCES[login.source] ?? login.source
  const isUnknown = login.source === 'unknown'
  const nobody = isUnknown ? t('Not known yet') : t('Nobody is logged in')
  const who = login.authenticated ? (login.email ?? how) : nobody
  say('login-who', who)
  byId('login-who').classList.toggle('bad', !login.authenticated)
  const plan = login.plan === undefined ? undefined : t('plan: {name}', { name: login.plan })
  const known = [login.email === undefined ? undefined : how, login.organization, plan]
  const text = known.filter((part) => part !== undefined).join(' · ')
  say(
    'login-how',
    login.authenticated
      ? text
      : isUnknown
        ? t('Claude Code has not reported the login yet. The proxy asks again.')
        : t(
            'Run "npx --no-install claude-sub-proxy login" in the folder of the proxy, or start it with ANTHROPIC_API_KEY set.',
          ),
  )
}

const WINDOWS = { five_hour: t('5 hours'), seven_day: t('7 days') }

export function showPlan(plan, login) {
  const windows = plan?.windows ?? []
  byId('login').classList.toggle('tall', windows.length > 1)
  byId('plan').replaceChildren(...windows.map((window) => windowRow(window, plan.guard)))
  say('plan-note', planNote(plan, login))
}

function windowRow({ name, used, resets_at: resetsAt, full_at: fullAt }, guard) {
  const level = used >= (guard ?? 1) ? 'error' : used >= 0.75 || fullAt ? 'warning' : 'ok'
  const fill = element('i')
  fill.style.width = `${Math.min(100, used * 100)}%`
  const label = t('{window}: {share} used', { window: windowName(name), share: percent(used) })
  const track = element(
    'div',
    { class: 'track', 'data-level': level, role: 'img', 'aria-label': label },
    fill,
  )
  if (guard !== null) {
    const mark = element('i', { class: 'guard' })
    mark.style.left = `calc(${guard * 100}% - 2px)`
    track.append(mark)
  }
  const left = resetsAt === null ? 0 : Math.ceil((Date.parse(resetsAt) - Date.now()) / 60_000)
  const until =
    resetsAt === null
      ? ''
      : ` · ${t('resets in {duration}', { duration: duration(left * 60_000) })}`
  const isFull = used >= 1
  const forecast = isFull
    ? t('This window is full.')
    : fullAt === null
      ? ''
      : t('At this rate it will be full at {time}.', { time: soon(fullAt) })
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
    element('p', { class: 'muted forecast' }, forecast),
  )
}

function windowName(name) {
  const [whole, window, scope] = /^(five_hour|seven_day)_?(.*)$/.exec(name) ?? [name]
  if (window === undefined) return whole
  return scope === ''
    ? WINDOWS[window]
    : t('{window}, {model}', { window: WINDOWS[window], model: scope.replaceAll('_', ' ') })
}

function planNote(plan, login) {
  if (!login.authenticated) return ''
  if (plan === null) {
    return isBilled(login)
      ? t('Billed by tokens, without plan windows.')
      : t('The plan windows appear after the first turn.')
  }
  const guard =
    plan.guard === null
      ? ''
      : t('usage_guard refuses requests once {share} are used.', { share: percent(plan.guard) })
  return sentences(guard, plan.overage.in_use ? t('Paid overage is in use.') : '')
}
