import type { Machine } from './machine.ts'
import type { ValueType } from './value-type.ts'

/** The facts that a default may depend on. */
export type Circumstances = Machine & {
  /** Whether clients must send a key. */
  readonly asksForKey: boolean
}

/** One line of the option table. */
export type Option<Value> = {
  readonly type: ValueType<Value>
  /** The default as a file, the docs and `--help` show it; '' for none. */
  readonly defaultText: string
  readonly defaultOn: (circumstances: Circumstances) => Value
  /** Its effect, in plain text without a full stop at the end. */
  readonly help: string
  /** A secret's value is never shown. */
  readonly secret: boolean
}

/** Stands for a default that depends on the circumstances, wherever a value can be given. */
export const AUTOMATIC = 'auto'

/** An option with a fixed default, which is given as text. */
export function fixed<Value>(
  type: ValueType<Value>,
  defaultText: string,
  help: string,
): Option<Value> {
  const value = type.parse(defaultText)
  if (value === undefined) throw new TypeError(`the default "${defaultText}" is not allowed`)
  return { type, defaultText, defaultOn: () => value, help, secret: false }
}

/** An option with a default that depends on the circumstances. */
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

/** An option that may be left out: its value is undefined then. */
export function optional<Value>(type: ValueType<Value>, help: string): Option<Value | undefined> {
  return { type, defaultText: '', defaultOn: () => undefined, help, secret: false }
}

/** A list that is empty unless it is given. */
export function list<Item>(
  type: ValueType<readonly Item[]>,
  help: string,
): Option<readonly Item[]> {
  return { type, defaultText: '', defaultOn: () => [], help, secret: false }
}

export function secret<Value>(option: Option<Value>): Option<Value> {
  return { ...option, secret: true }
}
