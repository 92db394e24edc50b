/** Where the command says what it does meanwhile: stderr. */
export type Screen = { readonly isTTY?: boolean; write: (text: string) => unknown }

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const CLEAR_LINE = '\r\u001B[2K'

/** Shows in a terminal that something is waited for; the line is gone when it is there, or failed. */
export async function showWaiting<T>(
  text: string,
  work: Promise<T>,
  screen: Screen = process.stderr,
): Promise<T> {
  if (screen.isTTY !== true) return work
  let frame = 0
  const draw = (): void => {
    screen.write(`${CLEAR_LINE}${FRAMES[frame++ % FRAMES.length]} ${text}`)
  }
  draw()
  const timer = setInterval(draw, 100)
  try {
    return await work
  } finally {
    clearInterval(timer)
    screen.write(CLEAR_LINE)
  }
}

/** Milliseconds between two lines about one wait. */
const PERIOD = 5000

/** Says every few seconds that something is still waited for, in lines that a log can hold. */
export function remind(
  sentence: (seconds: number) => string,
  screen: Screen = process.stderr,
): void {
  let seconds = 0
  setInterval(() => {
    seconds += PERIOD / 1000
    screen.write(`${sentence(seconds)}\n`)
  }, PERIOD).unref()
}
