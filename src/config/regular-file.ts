import { constants, open } from 'node:fs/promises'

/**
 * The text of a regular file (UTF-8). A pipe, a socket or a device is refused, and never waited for.
 *
 * @param most bytes that it may have
 * @returns undefined if there is no such file
 * @throws the system's error if it can't be read, Error if it is no regular file or too large
 */
export async function readRegularFile(path: string, most: number): Promise<string | undefined> {
  // Without O_NONBLOCK, the open of a pipe waits until somebody writes to it.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (file === undefined) return undefined
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is no regular file')
    const buffer = Buffer.alloc(most + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length)
      length += bytesRead
      if (length > most) throw new Error(`it has more than ${most} bytes`)
      if (bytesRead === 0) return buffer.toString('utf8', 0, length)
    }
  } finally {
    await file.close()
  }
}
