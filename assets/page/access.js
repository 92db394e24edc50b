import { byId } from './dom.js'
import { t } from './language.js'

// The proxy's key, if one is required. Only this tab keeps it.

const KEY = 'claude-sub-proxy key'

export function hasKey() {
  return sessionStorage.getItem(KEY) !== null
}

/** Sends a request to the proxy, with the key from the form. */
export function ask(path, init = {}) {
  const key = sessionStorage.getItem(KEY)
  return fetch(path, {
    cache: 'no-store',
    ...init,
    headers: { ...init.headers, ...(key === null ? {} : { 'x-api-key': key }) },
  })
}

/** The message of an answer that is not a success. */
export async function messageIn(response) {
  const body = await response.json().catch(() => undefined)
  return body?.error?.message ?? t('The proxy answered {status}.', { status: response.status })
}

/** Shows the form for the key; resolves when the user has entered one. */
export function askForKey() {
  const wasRefused = hasKey()
  // A link in the page can't send the key.
  byId('links').hidden = true
  byId('main').hidden = true
  byId('key-form').hidden = false
  byId('key').setAttribute('aria-invalid', String(wasRefused))
  if (wasRefused) byId('key-note').textContent = t('This key is not accepted. Try again.')
  byId('key').focus()
  return new Promise((resolve) => {
    const submit = (event) => {
      event.preventDefault()
      sessionStorage.setItem(KEY, byId('key').value)
      byId('key').value = ''
      byId('key-form').hidden = true
      byId('main').hidden = false
      resolve()
    }
    byId('key-form').addEventListener('submit', submit, { once: true })
  })
}

/** The events of a stream, in the API's form of server-sent events. */
export async function* eventsIn(stream) {
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
      if (data !== undefined) yield JSON.parse(data)
    }
  }
}
