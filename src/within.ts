/**
 * Waits for a promise, but not for ever.
 *
 * @param milliseconds the longest wait
 * @returns whether the promise was fulfilled in this time
 * @throws the error of the promise, if it is rejected in this time
 */
export async function within(milliseconds: number, done: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds)
  })
  try {
    return await Promise.race([done.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
