/** The result of a check of `doctor`. */
export type Finding = {
  /** A word that scripts can rely on. */
  readonly name: string
  /** `error`: requests can't be served. `warning`: they can, perhaps not as meant. */
  readonly level: 'ok' | 'warning' | 'error' | 'skipped'
  readonly text: string
  /** What to do about it. */
  readonly fix?: string
  /** Ways to do it, of which one is enough. */
  readonly ways?: readonly string[]
}
