// Numbers and times in the page's language. The examples are English.

import { numberFormat, t, weekday } from './language.js'

const NUMBER = numberFormat()
const SHORT = numberFormat({ notation: 'compact', maximumFractionDigits: 1 })

export function number(value) {
  return NUMBER.format(value)
}

export function short(value) {
  return value < 10_000 ? number(value) : SHORT.format(value)
}

export function percent(share) {
  return t('{number} %', { number: Math.round(share * 100) })
}

/** `≈ $0.004`, `≈ $12.40` */
export function money(dollars) {
  if (dollars === 0) return '$0'
  return `≈ $${dollars < 0.1 ? dollars.toPrecision(1) : dollars.toFixed(2)}`
}

/** `210 ms`, `1.3 s`, `2 min 5 s`, `3 h 12 min`, `2 d 4 h`. */
export function duration(milliseconds) {
  const ms = Math.max(0, milliseconds)
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${(ms / 1000).toFixed(1).replace('.0', '')} ${t('s')}`
  const total = Math.round(ms / 1000)
  const units = [
    [t('d'), Math.floor(total / 86_400)],
    [t('h'), Math.floor(total / 3600) % 24],
    [t('min'), Math.floor(total / 60) % 60],
    [t('s'), total % 60],
  ]
  const first = units.findIndex(([, count]) => count > 0)
  return units
    .slice(first, first + 2)
    .filter(([, count]) => count > 0)
    .map(([unit, count]) => `${count} ${unit}`)
    .join(' ')
}

/** `16:40:05` */
export function clock(time) {
  return new Date(time).toLocaleTimeString('en-GB')
}

/** `16:40` */
export function shortClock(time) {
  return new Date(time).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
}

/** `16:40` today, `Fri 16:40` on another day. */
export function soon(time) {
  const date = new Date(time)
  const hour = shortClock(date)
  if (date.toDateString() === new Date().toDateString()) return hour
  return `${weekday(date)} ${hour}`
}

/** A long name with its middle left out: `claude-opus-4-…v1:0`. */
export function middle(name, most = 26) {
  if (name.length <= most) return name
  const end = Math.floor((most - 1) / 3)
  return `${name.slice(0, most - 1 - end)}…${name.slice(-end)}`
}

/** All input tokens, cached or not. */
export function inputOf(counts) {
  return counts.input_tokens + counts.cache_read_input_tokens + counts.cache_creation_input_tokens
}
