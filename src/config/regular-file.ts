import { constants, open } from 'node:fs/promises'

/**
 * The text of a regular file (UTF-8). A pipe, a socket or a device is refused without waiting.
 *
 * @param most maximum bytes
 * @returns undefined if there is no such file
 * @throws the system's error if it can't be read, Error if it is not a regular file or too large
 */
export async function readRegularFile(path: string, most: number): Promise<string | undefined> {
  // Without O_NONBLOCK, opening a pipe waits until another process writes to it.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (file === undefined) return undefined
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is not a regular file')
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
