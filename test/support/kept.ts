import { Batches } from '../../src/batches/batches.ts'
import { Files } from '../../src/files/files.ts'
import type { AppOptions } from '../../src/http/app.ts'
import { SharedShelf } from '../../src/responses/shared-shelf.ts'
import { LazyStore } from '../../src/store/lazy-store.ts'
import { appOptions } from './app-options.ts'
import { REPLY, source } from './source.ts'
import { temporaryFolder } from './store.ts'

/** Options with which the routes keep batches and files in a folder of their own. */
export function keptOptions(
  ask: AppOptions['ask'] = () => Promise.resolve(source(REPLY).events),
  now: () => number = Date.now,
) {
  const folder = temporaryFolder()
  const store = new LazyStore({ stateFolder: folder.path }, { onOpen: () => {}, onError: () => {} })
  const files = new Files(store, { limit: 3_000_000, maxBodySize: 100_000, onError: () => {}, now })
  const room = { isFree: true }
  const batches = new Batches(store, {
    ask: async (request, { owner, ...about }) =>
      ask(await files.attach(request, owner), { id: 'req_1', ...about }),
    admit: () => Promise.resolve(undefined),
    hasRoom: () => room.isFree,
    rateLimits: () => undefined,
    modelDefault: 'made-up',
    modelOf: (name) => name ?? 'made-up',
    concurrency: 2,
    windowShare: 1,
    firstEventTimeout: 10_000,
    lease: 10_000,
    expiry: 60_000,
    retention: 60_000,
    maxBodySize: 10_000,
    onError: () => {},
    onChange: () => {},
  })
  const options: AppOptions = { ...appOptions(), maxBodySize: 100_000, ask, batches, files }
  /** The one for a database that servers share. */
  const shelf = new SharedShelf(store, {
    retention: 60_000,
    lease: 600,
    limit: 1_000_000_000,
    onError: () => {},
  })
  const close = async (): Promise<void> => {
    await batches.close()
    await files.close()
    await shelf.close()
    await store.close()
    folder.remove()
  }
  return { options, store, shelf, room, folder: folder.path, close }
}
