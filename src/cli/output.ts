/**
 * Lets the program go on when nobody reads what it writes any more (`| head`, a closed terminal):
 * without a listener, the first such write would end it.
 */
export function outliveReaders(streams: readonly NodeJS.WritableStream[]): void {
  for (const stream of streams) stream.on('error', () => {})
}
