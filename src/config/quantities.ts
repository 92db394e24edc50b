import type { ValueType } from './value-type.ts'

/** The longest time of a Node timer; a longer one fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1

/** Units by name, as multiples of the value's unit; '' is the unit of a plain number. */
type Units = ReadonlyMap<string, number>

const MILLISECONDS: Units = new Map([
  ['', 1000],
  ['ms', 1],
  ['s', 1000],
  ['min', 60_000],
  ['h', 3_600_000],
])

const BYTES: Units = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1024],
  ['mb', 1024 * 1024],
])

/**
 * A time: `500ms`, `15s`, `5min`, `1h`; a plain number is in seconds. The value is in whole
 * milliseconds.
 *
 * @param minimum in milliseconds
 */
export function duration(minimum: 0 | 1): ValueType<number> {
  return quantity({
    units: MILLISECONDS,
    minimum,
    maximum: LONGEST_TIMER,
    placeholder: 'duration',
    allowed: `a time such as 500ms, 15s, 5min or 1h (a plain number is in seconds), ${
      minimum === 0 ? '0' : 'more than 0'
    } to 24 days`,
    valueUnit: 'milliseconds',
  })
}

/** A time that needs no timer: `29d`, `12h`. The value is in whole milliseconds. */
export const days: ValueType<number> = quantity({
  units: new Map([...MILLISECONDS, ['d', 86_400_000]]),
  minimum: 1,
  maximum: 10 * 365 * 86_400_000,
  placeholder: 'duration',
  allowed: 'a time such as 29d or 12h (a plain number is in seconds), more than 0 to 3650 days',
  valueUnit: 'milliseconds',
})

/**
 * A size: `32mb`, `512kb`; a plain number is in bytes. The value is in bytes, and at least 1 kB, so
 * that a forgotten unit is noticed.
 */
export const size: ValueType<number> = quantity({
  units: BYTES,
  minimum: 1024,
  maximum: Number.MAX_SAFE_INTEGER,
  placeholder: 'size',
  allowed: 'a size such as 32mb or 512kb (a plain number is in bytes), 1kb or more',
  valueUnit: 'bytes',
})

/** A share of a whole: `80%`, from 1% to 100%. The value is a fraction. */
export const percentage: ValueType<number> = {
  placeholder: 'percent',
  allowed: 'a share such as 80%, from 1% to 100%',
  allowedValue: 'a number from 0.01 to 1',
  parse(text) {
    const [, digits] = /^(\d+(?:\.\d+)?) ?%$/.exec(text) ?? []
    const value = Number(digits) / 100
    return isShare(value) ? value : undefined
  },
  accepts: isShare,
}

function isShare(value: unknown): value is number {
  return typeof value === 'number' && value >= 0.01 && value <= 1
}

type Quantity = {
  units: Units
  minimum: number
  maximum: number
  placeholder: string
  allowed: string
  /** The unit of the value, as a word. */
  valueUnit: string
}

function quantity(kind: Quantity): ValueType<number> {
  const accepts = (value: unknown): value is number =>
    Number.isSafeInteger(value) && Number(value) >= kind.minimum && Number(value) <= kind.maximum
  return {
    placeholder: kind.placeholder,
    allowed: kind.allowed,
    allowedValue: `${kind.valueUnit}, a whole number from ${kind.minimum} to ${kind.maximum}`,
    parse(text) {
      const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text) ?? []
      const factor = kind.units.get(unit.toLowerCase())
      if (digits === '' || factor === undefined) return undefined
      const value = Math.round(Number(digits) * factor)
      return accepts(value) ? value : undefined
    },
    accepts,
  }
}
