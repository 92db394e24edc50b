import { byId, element, say } from './dom.js'
import { number } from './format.js'
import { t } from './language.js'

const STATES = {
  asking: { name: t('asking'), title: t('asking: waits for a reply, or reads it') },
  opening: { name: t('opening'), title: t('opening: takes in a conversation') },
  held: { name: t('held'), title: t('held: waits for tool results') },
  idle: { name: t('idle'), title: t('idle: keeps a conversation') },
  starting: { name: t('starting'), title: t('starting') },
}

export function showProcesses({ processes, max_processes: limit, in_flight: inFlight, waiting }) {
  const states = Object.keys(STATES).filter((name) => processes[name] > 0)
  byId('processes').replaceChildren(
    ...states.map((name) => {
      const part = element('i', { 'data-state': name })
      part.style.width = `${(100 * processes[name]) / limit}%`
      return part
    }),
  )
  if (byId('processes-legend').children.length === 0) {
    byId('processes-legend').replaceChildren(
      ...Object.entries(STATES).map(([state, { name, title }]) =>
        element('li', { 'data-state': state, title }, `${name} `, element('b', {})),
      ),
    )
  }
  for (const item of byId('processes-legend').children) {
    item.querySelector('b').textContent = number(processes[item.dataset.state] ?? 0)
  }
  const total = Object.values(processes).reduce((sum, count) => sum + count, 0)
  const requests = { total, limit, count: number(inFlight), waiting: number(waiting) }
  say(
    'processes-note',
    waiting === 0
      ? t('{total} of {limit} · requests: {count} in flight', requests)
      : t('{total} of {limit} · requests: {count} in flight, {waiting} in line', requests),
  )
}
