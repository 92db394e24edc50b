import type { Machine } from './machine.ts'
import type { ValueType } from './value-type.ts'

/** The facts that can influence a default. */
export type Circumstances = Machine & {
  /** Whether clients must send a key. */
  readonly asksForKey: boolean
}

/** One line of the option table. */
export type Option<Value> = {
  readonly type: ValueType<Value>
  /** The text of the default in files, docs and `--help`; '' for none. */
  readonly defaultText: string
  readonly defaultOn: (circumstances: Circumstances) => Value
  /** Its effect, as text without a full stop at the end. */
  readonly help: string
  /** The value of a secret is never shown. */
  readonly secret: boolean
}

/** The word for a default that depends on the machine; it can be used as a value everywhere. */
export const AUTOMATIC = 'auto'

/** An option with a fixed default, given as text. */
export function fixed<Value>(
  type: ValueType<Value>,
  defaultText: string,
  help: string,
): Option<Value> {
  const value = type.parse(defaultText)
  if (value === undefined) throw new TypeError(`the default "${defaultText}" is not allowed`)
  return { type, defaultText, defaultOn: () => value, help, secret: false }
}

/** An option with a default that depends on the machine. */
export function automatic<Value>(
  type: ValueType<Value>,
  defaultOn: (circumstances: Circumstances) => Value,
  help: string,
): Option<Value> {
  const orAutomatic = {
    ...type,
    allowed: `${AUTOMATIC}, or ${type.allowed}`,
    allowedValue: `${AUTOMATIC}, or ${type.allowedValue}`,
  }
  return { type: orAutomatic, defaultText: AUTOMATIC, defaultOn, help, secret: false }
}

/** An option without a default: its value is undefined if it is not set. */
export function optional<Value>(type: ValueType<Value>, help: string): Option<Value | undefined> {
  return { type, defaultText: '', defaultOn: () => undefined, help, secret: false }
}

/** A list that is empty unless it is set. */
export function list<Item>(
  type: ValueType<readonly Item[]>,
  help: string,
): Option<readonly Item[]> {
  return { type, defaultText: '', defaultOn: () => [], help, secret: false }
}

export function secret<Value>(option: Option<Value>): Option<Value> {
  return { ...option, secret: true }
}
