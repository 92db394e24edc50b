/**
 * The reason why the system did not start a process, in words for people.
 *
 * @param cause the error of `spawn` or `execFile`
 * @returns a reason such as `too many files are open (EMFILE)`
 */
export function startFailureReason(cause: unknown): string {
  const { code, message } = cause as Partial<NodeJS.ErrnoException>
  const reason = code === undefined ? undefined : REASONS[code]
  if (reason !== undefined) return `${reason} (${code})`
  return code ?? message ?? String(cause)
}

const REASONS: Readonly<Record<string, string>> = {
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open in the whole system',
  EAGAIN: 'this user may have no more processes',
  ENOMEM: 'there is not enough memory',
  ENOENT: 'its executable or its working folder does not exist',
  EACCES: 'its executable has no permission to run',
}

/** Whether an error says that a process was not started, rather than that it ended badly. */
export function isStartFailure(cause: unknown): boolean {
  const { code, syscall } = cause as Partial<NodeJS.ErrnoException>
  return code !== undefined && syscall?.startsWith('spawn') === true
}
