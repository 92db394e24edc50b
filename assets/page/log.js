import { ask, eventsIn, messageIn } from './access.js'
import { byId, element, say } from './dom.js'
import { clock } from './format.js'
import { t } from './language.js'

// The log is read only while its section is open.

/** Lines that the page keeps. */
const KEPT_LINES = 500
const AGAIN_MILLISECONDS = 3000

const details = byId('log-details')
const list = byId('log')
const scroller = byId('log-scroll')

let leaving

details.addEventListener('toggle', () => {
  leaving?.abort()
  if (details.open) void follow((leaving = new AbortController()).signal)
})

byId('log-level').addEventListener('change', () => {
  list.dataset.level = byId('log-level').value
  toEnd()
})

async function follow(signal) {
  while (!signal.aborted) {
    try {
      const response = await ask('/v1/log/stream', { signal })
      if (!response.ok) {
        say('log-note', await messageIn(response))
        if (response.status === 403) return
      } else {
        list.replaceChildren()
        say('log-note', t('No lines yet.'))
        for await (const event of eventsIn(response.body)) {
          if (event.type === 'log') add(event.lines)
        }
      }
    } catch {
      if (signal.aborted) return
      say('log-note', t('The connection is lost. The page tries again.'))
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MILLISECONDS))
  }
}

function add(lines) {
  if (lines.length === 0) return
  say('log-note', '')
  const isAtEnd = scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 4
  list.append(...lines.map(lineOf))
  while (list.children.length > KEPT_LINES) list.firstElementChild.remove()
  if (isAtEnd) toEnd()
}

function lineOf({ at, level, text }) {
  return element(
    'li',
    { 'data-level': level },
    element('time', { datetime: at }, clock(at)),
    ' ',
    element('b', {}, level),
    ' ',
    text,
  )
}

function toEnd() {
  scroller.scrollTop = scroller.scrollHeight
}
