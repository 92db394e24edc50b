/** The type of an option: its text, and the value that the program works with. */
export type ValueType<Value> = {
  /** The placeholder for the value in `--help`; null for a switch, which needs no value. */
  readonly placeholder: string | null
  /** The allowed texts, to be read after "use". */
  readonly allowed: string
  /** The allowed values if a program gives the value itself. */
  readonly allowedValue: string
  /** The value that a text stands for; undefined if the text is not allowed. Never gets ''. */
  readonly parse: (text: string) => Value | undefined
  /** Whether a value that was given by a program, not as text, is allowed. */
  readonly accepts: (value: unknown) => boolean
}
