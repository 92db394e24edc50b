import { byId, element, say } from './dom.js'
import { number } from './format.js'

const STATES = {
  asking: 'asking: waits for a reply, or reads it',
  opening: 'opening: takes in a conversation',
  held: 'held: waits for tool results',
  idle: 'idle: keeps a conversation',
  starting: 'starting',
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
      ...Object.entries(STATES).map(([name, title]) =>
        element('li', { 'data-state': name, title }, `${name} `, element('b', {})),
      ),
    )
  }
  for (const item of byId('processes-legend').children) {
    item.querySelector('b').textContent = number(processes[item.dataset.state] ?? 0)
  }
  const total = Object.values(processes).reduce((sum, count) => sum + count, 0)
  const line = waiting === 0 ? '' : `, ${number(waiting)} in line`
  say('processes-note', `${total} of ${limit} · requests: ${number(inFlight)} in flight${line}`)
}
