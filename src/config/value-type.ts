/** The type of an option: its texts, and the values in the program. */
export type ValueType<Value> = {
  /** The placeholder for the value in `--help`; null for a switch, which needs no value. */
  readonly placeholder: string | null
  /** The allowed texts, worded to follow "use". */
  readonly allowed: string
  /** The allowed values if a program sets the option. */
  readonly allowedValue: string
  /** The value for a text; undefined if the text is not allowed. It is never called with ''. */
  readonly parse: (text: string) => Value | undefined
  /** Whether a value from a program, not from text, is allowed. */
  readonly accepts: (value: unknown) => boolean
}
