// Elements are made from values, never from HTML: no data of the proxy can become markup.

import { t } from './language.js'

export const byId = (id) => document.getElementById(id)

export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children)
}

export function shape(name, attributes = {}, ...children) {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children)
}

function filled(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value))
  node.append(...children)
  return node
}

/**
 * Sets a text only if it differs, so that a selection in it and a screen reader are not disturbed.
 */
export function say(id, text) {
  const node = byId(id)
  if (node.textContent !== text) node.textContent = text
}

/** A button that copies a text. @param text a function that returns it */
export function copyButton(label, text) {
  const button = element(
    'button',
    { class: 'quiet', type: 'button', 'aria-label': label },
    t('copy'),
  )
  button.addEventListener('click', () => void copied(button, text()))
  return button
}

/** The clipboard is available only on this machine and over TLS. */
async function copied(button, text) {
  try {
    await navigator.clipboard.writeText(text)
    button.textContent = t('copied')
  } catch {
    button.textContent = t('select and copy it')
  }
  setTimeout(() => (button.textContent = t('copy')), 2000)
}

/**
 * A table with a head of column names. Cells that are numbers or start with a digit are aligned to
 * the right.
 */
export function table(caption, columns, rows) {
  const isNumber = (index) => rows.length > 0 && rows.every((row) => /^[\d–$≈]/.test(row[index]))
  const kind = (index) => (index > 0 && isNumber(index) ? { class: 'number' } : {})
  return element(
    'table',
    {},
    element('caption', { class: 'unseen' }, caption),
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        ...columns.map((name, index) => element('th', { scope: 'col', ...kind(index) }, name)),
      ),
    ),
    element(
      'tbody',
      {},
      ...rows.map((row) =>
        element('tr', {}, ...row.map((cell, index) => element('td', kind(index), cell))),
      ),
    ),
  )
}
