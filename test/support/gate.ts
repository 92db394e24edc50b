export type Gate = {
  /** Resolves once the gate is open. As an element of `events` it holds the stream here. */
  pass: () => Promise<void>
  open: () => void
}

/** A gate that is closed until a test opens it; it then stays open. */
export function makeGate(): Gate {
  let release: (() => void) | undefined
  const opened = new Promise<void>((resolve) => {
    release = resolve
  })
  return { pass: () => opened, open: () => release?.() }
}
