/** How long nothing urgent must have been going on, and between two pieces of work. */
const QUIET_MILLISECONDS = 100
/** How long work waits for that at most: a machine that is never quiet needs its spares too. */
const PATIENCE_MILLISECONDS = 1000

/** Puts work off until it takes the processor from no one who waits for a reply. */
export class Lull {
  readonly #work: () => void
  readonly #isUrgent: () => boolean
  #timer: NodeJS.Timeout | undefined
  #waitsSince = 0

  /**
   * @param work what is to be done; it may ask for more
   * @param isUrgent whether someone waits for the processor
   */
  constructor(work: () => void, isUrgent: () => boolean) {
    this.#work = work
    this.#isUrgent = isUrgent
  }

  /** Has the work done, once, when there is time for it. */
  request(): void {
    if (this.#timer !== undefined) return
    this.#waitsSince = performance.now()
    this.#wait()
  }

  /** What was requested is not done any more. */
  cancel(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#look(), QUIET_MILLISECONDS)
    this.#timer.unref()
  }

  #look(): void {
    const isPatient = performance.now() - this.#waitsSince < PATIENCE_MILLISECONDS
    if (isPatient && this.#isUrgent()) {
      this.#wait()
      return
    }
    this.#timer = undefined
    this.#work()
  }
}
