import * as fc from 'fast-check'

/** Names with a meaning in JavaScript, in JSON or in this program. */
const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'toJSON',
  'hasOwnProperty',
  'length',
  'then',
  '',
  '0',
  'type',
  'text',
  'role',
  'content',
  'messages',
  'cache_control',
]

/** Valid text that breaks careless code. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '\u0000',
    'a\r\n\r\ndata: {"type":"message_stop"}\n\n',
    'event: error\ndata: x',
    '\u2028\u2029\u0085',
    '\u001B[2J\u009B2J',
    '\uFEFF',
    '\uFFFE\uFFFF',
    '\u202Eabc',
    '👩🏽‍🚀',
    '${x} `x` $(x) %s %n',
    '</script>',
    "' OR 1=1 --",
    ...NAMES,
  ),
)

/** Invalid text: it contains a lone surrogate. */
export const brokenText = fc
  .tuple(anyText, fc.constantFrom('\uD800', '\uDBFF', '\uDC00', '\uDFFF'), anyText)
  .map(([before, half, after]) => `${before} ${half} ${after}`)

export const anyNumber = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 2 ** 53, -(2 ** 53) - 2, Number.MAX_VALUE, Number.MIN_VALUE, 1e21, 1e-7),
)

/** Any name of a field, dangerous ones more often. */
export const anyName = fc.oneof(fc.constantFrom(...NAMES), anyText)

/** Any value that JSON can express; objects have the usual prototype. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    anyNumber,
    anyText,
    fc.array(tie('value'), { maxLength: 4 }),
    fieldsOf(tie('value')),
  ),
})).value

/** An object like those of `JSON.parse`: `__proto__` is an ordinary field. */
export function fieldsOf(value: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> {
  return fc
    .array(fc.tuple(anyName, value), { maxLength: 4 })
    .map((entries) => Object.fromEntries(entries))
}

/** A value in which a nested value was replaced by another. */
export function withReplacement(
  original: fc.Arbitrary<unknown>,
  replacement: fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  return fc
    .tuple(original, replacement, fc.infiniteStream(fc.nat()))
    .map(([value, part, choices]) => replaced(value, part, () => Number(choices.next().value)))
}

function replaced(value: unknown, part: unknown, choose: () => number): unknown {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
  const at = choose() % (entries.length + 1)
  const [name, inner] = entries[at] ?? []
  if (name === undefined) return part
  const changed = replaced(inner, part, choose)
  if (Array.isArray(value)) return value.map((item, index) => (index === at ? changed : item))
  return Object.fromEntries(entries.map((entry) => (entry[0] === name ? [name, changed] : entry)))
}
