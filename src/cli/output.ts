/**
 * Keeps the program running if its output is no longer read (`| head`, a closed terminal): without
 * a listener, the first such write would end it.
 */
export function surviveClosedOutput(streams: readonly NodeJS.WritableStream[]): void {
  for (const stream of streams) stream.on('error', () => {})
}
