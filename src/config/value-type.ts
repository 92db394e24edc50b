/** What the value of an option may be, as text and as the value that the program works with. */
export type ValueType<Value> = {
  /** What stands for the value in `--help`; null for a switch, which can stand without one. */
  readonly placeholder: string | null
  /** What is allowed as text, to be read after "use". */
  readonly allowed: string
  /** What is allowed where a program gives the value itself. */
  readonly allowedValue: string
  /** The value that a text stands for; undefined where the text is not allowed. Never gets ''. */
  readonly parse: (text: string) => Value | undefined
  /** Whether a value that was given by a program, not as text, is allowed. */
  readonly accepts: (value: unknown) => boolean
}
