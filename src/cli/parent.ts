/** Milliseconds between two looks. */
const PERIOD = 500

/**
 * Calls back once the process that started this one is gone: it then belongs to another parent.
 * `npm start` puts a shell between npm and the server, which does not pass a signal on.
 *
 * @param parent gives the id of the parent as it is now
 */
export function onParentGone(gone: () => void, parent = (): number => process.ppid): void {
  const first = parent()
  const timer = setInterval(() => {
    if (parent() === first) return
    clearInterval(timer)
    gone()
  }, PERIOD).unref()
}
