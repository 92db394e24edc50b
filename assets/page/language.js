// The language of the page: English, or Chinese. The English text is the key of its translation.

const CHOICE = 'claude-sub-proxy language'

/** The user's choice, or the browser's first language. Without a page, as in tests, English. */
const LANGUAGE =
  typeof document !== 'undefined' &&
  (localStorage.getItem(CHOICE) ?? navigator.language).startsWith('zh')
    ? 'zh-CN'
    : 'en'

const { CHINESE } = LANGUAGE === 'en' ? { CHINESE: {} } : await import('./chinese.js')

/**
 * A text in the page's language.
 *
 * @param text in English; `{name}` in it is replaced by the value of that name
 */
export function t(text, values = {}) {
  return (CHINESE[text] ?? text).replaceAll(/\{(\w+)\}/g, (_, name) => values[name])
}

/** Sentences of a paragraph. Empty ones are left out. */
export function sentences(...parts) {
  return parts.filter((part) => part !== '').join(LANGUAGE === 'en' ? ' ' : '')
}

/** Numbers and days in the page's language. */
export const numberFormat = (options) => new Intl.NumberFormat(LANGUAGE, options)
export const weekday = (date) => date.toLocaleDateString(LANGUAGE, { weekday: 'short' })

/** Translates the texts and labels of the file `index.html`. */
function translatePage() {
  document.documentElement.lang = LANGUAGE
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const node = texts.currentNode
    node.data = node.data.replace(/\S(?:[^]*\S)?/, (text) => t(text.replaceAll(/\s+/g, ' ')))
  }
  for (const node of document.querySelectorAll('[aria-label]')) {
    node.setAttribute('aria-label', t(node.getAttribute('aria-label')))
  }
}

/** The button with the name of the other language. */
function offerOther() {
  const button = document.getElementById('language')
  if (LANGUAGE !== 'en') Object.assign(button, { lang: 'en', textContent: 'English' })
  button.addEventListener('click', () => {
    localStorage.setItem(CHOICE, button.lang)
    location.reload()
  })
}

if (typeof document !== 'undefined') {
  if (LANGUAGE !== 'en') translatePage()
  offerOther()
}
