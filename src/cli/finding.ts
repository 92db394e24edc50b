/** The result of a check of `doctor`. */
export type Finding = {
  /** A fixed word, for scripts. */
  readonly name: string
  /** `error`: requests can't be served. `warning`: they can, but perhaps not as intended. */
  readonly level: 'ok' | 'warning' | 'error' | 'skipped'
  readonly text: string
  /** The fix. */
  readonly fix?: string
  /** Alternative fixes; one is enough. */
  readonly ways?: readonly string[]
}
