import { withAliases } from './api/model.ts'
import { resolveModel } from './api/model-names.ts'
import { Batches } from './batches/batches.ts'
import { httpAddress } from './config/address.ts'
import { childEnvironment } from './config/child-environment.ts'
import {
  type Environment,
  readEnvironment,
  readKeyFile,
  readTextFile,
  readMachine,
} from './config/environment.ts'
import { isLoopback } from './config/hosts.ts'
import { keyRing } from './config/keys/key-ring.ts'
import type { Config } from './config/config.ts'
import { networkAddresses } from './config/network-addresses.ts'
import { isOwnAddress } from './config/own-address.ts'
import { providerOf } from './config/provider.ts'
import { type ConfigInput, resolveConfig } from './config/resolve.ts'
import { Files } from './files/files.ts'
import { createApp } from './http/app.ts'
import { fetchFrom } from './http/embedded-fetch.ts'
import { newRequestId } from './http/request-id.ts'
import { listen } from './http/listen.ts'
import { keepFolders } from './kept-folders.ts'
import { Lifecycle } from './lifecycle.ts'
import { KeyGuard, ownersKey } from './limits/key-guard.ts'
import { LocalBuckets } from './limits/request-buckets.ts'
import { LoginWatch } from './login-watch.ts'
import { checkLogger, type Logger, silentLogger } from './observe/log.ts'
import { type Log, LogTail, logWithTail } from './observe/log-tail.ts'
import { Observatory } from './observe/observatory.ts'
import { UsageFile } from './observe/usage-file.ts'
import { guardUsage } from './observe/usage-guard.ts'
import { planCount } from './plan/plan-count.ts'
import { planTurn } from './plan/plan-turn.ts'
import { planWhole } from './plan/plan-whole.ts'
import type { Turn } from './plan/turn.ts'
import { makePrivateFolder, sweepPrivateFolders } from './private-folder.ts'
import type { Account } from './runtime/login/account.ts'
import { apiKeyHelperIn } from './runtime/login/api-key-helper.ts'
import { type Carrier, carrierOf } from './runtime/login/carrier.ts'
import { Engine } from './runtime/engine.ts'
import { runtimeEnvironment } from './runtime/process/environment.ts'
import { memoryShelf } from './responses/memory-shelf.ts'
import { refuseSubscription } from './runtime/login/subscription.ts'
import { inSteps } from './steps.ts'
import { LazyStore } from './store/lazy-store.ts'
import { TeamLogin } from './team-login.ts'
import { TurnDesk } from './turn-desk.ts'
import { VERSION } from './version.ts'
import { stableWorkFolder } from './work-folder.ts'

export type ProxyOptions = ConfigInput & {
  /** Receives the log; by default there is none. */
  logger?: Logger
  /** The environment from which the runtime's login and network settings come; by default this process's. */
  env?: Environment
  /**
   * Cancels the start: `createProxy` rejects with the signal's reason, and leaves nothing behind.
   */
  signal?: AbortSignal
}

export type Proxy = {
  readonly config: Config
  /** Answers a request without a port. Pass it to a client library as its `fetch`. */
  fetch: (input: Request | URL | string, init?: RequestInit) => Promise<Response>
  /**
   * Listens on the configured host and port. Further calls return the address of the open port.
   *
   * @throws the system's error (`EADDRINUSE`, …), and Error after `close()`
   */
  listen: () => Promise<{ url: string; port: number }>
  /** The runtime's login. Never rejects: if the runtime does not report it, `problem` says why. */
  account: () => Promise<Account>
  /** Waits for requests in flight (`shutdownTimeout` at most), then ends every process. Never rejects. */
  close: () => Promise<void>
}

/** At the end of the proxy, the last writes to the store may take this long. */
const STORE_END_MILLISECONDS = 5000

/** A server that works on batches or responses counts as alive for this long after its last sign of life. */
const LEASE_MILLISECONDS = 10_000

/**
 * Builds a proxy from its parts. Nothing listens until `listen()`; two proxies in one process are
 * independent.
 *
 * @throws ConfigError for a value that is not allowed, Error if the runtime can't be started
 */
export async function createProxy({
  logger = silentLogger(),
  env = readEnvironment(),
  signal: abandonStart,
  ...settings
}: ProxyOptions = {}): Promise<Proxy> {
  const machine = readMachine(env)
  const config = resolveConfig(settings, machine)
  checkLogger(logger)
  const tail = new LogTail()
  const log = logWithTail(logger, tail, Date.now)
  const ring = await keyRing(config, {
    readFile: readKeyFile,
    now: () => performance.now(),
    log: { info: (line) => log.info({}, line), warn: (line) => log.warn({}, line) },
  })
  const shared = config.databaseUrl === undefined ? undefined : await sharedParts()
  const folder = await makePrivateFolder((error) =>
    log.warn({ err: error }, 'the folder for temporary files could not be deleted'),
  )
  const workFolder =
    config.workFolder ?? (await stableWorkFolder()) ?? (await folder.subfolder('work'))
  const temporaryFolder = await folder.subfolder('tmp')
  const forgetFolders = keepFolders([folder.path, workFolder, temporaryFolder])
  const apiKeyHelper = apiKeyHelperIn(env, readTextFile)
  const carrier = carrierOf(env, config.runtimeReminders === 'keep', apiKeyHelper !== undefined)
  const engine = new Engine({
    carrier: carrier.kind,
    environment: childEnvironment(
      withoutLoop(env, config.port, log),
      runtimeEnvironment(VERSION, temporaryFolder),
    ),
    workFolder,
    model: config.modelDefault,
    executable: config.claudePath,
    apiKeyHelper,
    version: VERSION,
    toolsFolder: config.toolsEnabled ? config.toolsFolder : undefined,
    maxProcesses: config.maxProcesses,
    idleTimeout: config.idleTimeout,
    holdTimeout: config.holdTimeout,
    queueTimeout: config.queueTimeout,
    queueLimit: config.queueLimit,
    startTimeout: config.startTimeout,
    nextEventTimeout: config.nextEventTimeout,
    onWorkerEvent: (event, cause) => log.debug({ cause }, `worker ${event}`),
    observer: {
      processStarted: () => observatory.processStarted(),
      processEnded: (stopRequested) => observatory.processEnded(stopRequested),
      turnWaited: (milliseconds) => observatory.turnWaited(milliseconds),
      rateLimitsKnown: (limits) => observatory.rateLimitsKnown(limits),
      censusChanged: () => observatory.changed(),
      loginChanged: () => {
        observatory.loginChanged()
        if (shared) void engine.knownAccount().then((account) => teamLogin.note(account))
      },
    },
  })
  const teamLogin = new TeamLogin()
  let addresses: readonly string[] = []
  const onError = (error: unknown): void => log.error({ err: error }, 'unexpected error')
  const kept = shared ? 'Batches, files and stored responses' : 'Batches and files'
  const store = new LazyStore(config, {
    onOpen: (place) => log.info({}, `${kept}, with all their text, are kept in ${place}`),
    onError: (error) => log.warn({ err: error }, 'the store can not be reached'),
  })
  const observatory: Observatory = new Observatory({
    log,
    version: VERSION,
    keeper: shared
      ? new shared.UsageTable(store)
      : config.stateFolder === undefined
        ? undefined
        : new UsageFile(config.stateFolder),
    guard: config.usageGuard,
    census: () => engine.census(),
    inFlight: () => desk.inFlight,
    provider: providerOf(env),
    isListed: (model) => engine.isListed(model),
    login: async () => authStatus(await engine.knownAccount(), carrier),
    batches: () => batches.progress(),
    networkAddresses: () => addresses,
    aliases: () => config.modelAliases.map(({ name }) => ({ name, model: describeModel(name).id })),
  })
  const listedId = (name: string) =>
    engine.isListed(name) ? engine.describeModel(name).id : undefined
  const describeModel = (name: string) =>
    engine.describeModel(resolveModel(name, { aliases: config.modelAliases, listedId }))
  const planning = {
    defaults: {
      model: config.modelDefault,
      system: config.systemPrompt,
      maxThinkingTokens: config.maxThinkingTokens,
    },
    describeModel,
  }
  const loginWatch = new LoginWatch({
    doubt: () => engine.doubtLogin(),
    look: () => engine.models(),
    onKnown: () => observatory.changed(),
  })
  const desk: TurnDesk = new TurnDesk({
    defaultModel: config.modelDefault,
    begin: () => lifecycle.begin(),
    plan: async (request, { betas, headers }) => {
      // A client with tools of its own is not offered Claude Code's.
      const isRun = config.toolsEnabled && request.tools === undefined
      const plan = isRun || carrier.kind === 'turns' ? planTurn : planWhole
      return {
        turn: await inSteps<Turn>(plan(request, { ...planning, betas, headers, isRun })),
        isRun,
      }
    },
    guard: async (model, { key, isBatch }) => {
      teamLogin.check()
      try {
        guardUsage(config.usageGuard, observatory.limits, model, Date.now() / 1000)
      } catch (error) {
        loginWatch.turnRefused()
        throw error
      }
      // The requests of batches were checked before they were claimed.
      if (!isBatch) await keyGuard.admit(key, model, 'turn')
    },
    serve: ({ turn, isRun }, { signal, isBatch }) => {
      const priority = isBatch ? 'batch' : 'interactive'
      return isRun ? engine.run(turn, signal, priority) : engine.serve(turn, signal, priority)
    },
    onChange: () => observatory.changed(),
    onEnd: (record, trace) => {
      loginWatch.turnEnded(record)
      observatory.turnEnded(record, trace)
    },
    now: () => performance.now(),
  })

  const keyGuard = new KeyGuard({
    buckets: shared
      ? new shared.SharedBuckets(store, (error) =>
          log.warn({ err: error }, 'the limits of keys hold for this replica alone'),
        )
      : new LocalBuckets(),
    tokensToday: (name) => observatory.tokensToday(name),
  })
  const files = new Files(store, {
    limit: config.filesLimit,
    maxBodySize: config.maxBodySize,
    onError: (error) => log.warn({ err: error }, 'files that have expired are not deleted'),
  })
  const batches = new Batches(store, {
    ...config,
    ask: async (request, { owner, ...about }) =>
      desk.ask(await files.attach(request, owner), { id: newRequestId(), isBatch: true, ...about }),
    admit: async ({ model = config.modelDefault }, owner) => {
      const key = ring && ownersKey(owner, await ring())
      await keyGuard.admit(key, describeModel(model).id, 'batch')
      return key
    },
    modelOf: (name) => engine.describeModel(name ?? config.modelDefault).id,
    hasRoom: () => lifecycle.stage !== 'draining' && desk.hasRoomForBatch(engine.census()),
    rateLimits: () => observatory.limits,
    concurrency: config.batchConcurrency,
    windowShare: config.batchWindowShare,
    expiry: config.batchExpiry,
    retention: config.batchRetention,
    lease: LEASE_MILLISECONDS,
    onError: (error) => log.warn({ err: error }, 'batches wait'),
    onChange: () => observatory.changed(),
  })
  const shelf =
    shared &&
    new shared.SharedShelf(store, {
      retention: config.responseRetention,
      limit: config.responsesLimit,
      lease: LEASE_MILLISECONDS,
      onError: (error) => log.warn({ err: error }, 'a response is not stored'),
    })
  const app = createApp({
    ...config,
    batches,
    files,
    // Without a database for all, nothing of a response is written to disk.
    responseShelf: shelf ?? memoryShelf(),
    version: VERSION,
    keyRing: ring,
    isOpenToNetwork: !isLoopback(config.host),
    authStatus: async () => authStatus(await engine.account(), carrier),
    usage: () => observatory.usage(),
    watchOverview: (viewer) => observatory.watch(viewer),
    watchLog: (check) => tail.watch(check),
    metrics: () => observatory.metrics(),
    rateLimits: () => observatory.limits,
    models: async () => withAliases(await engine.models(), config.modelAliases),
    modelOf: (name) => describeModel(name ?? config.modelDefault).id,
    countTokens: async (request, signal, key) => {
      const opening = planCount(request, planning)
      await keyGuard.admit(key, opening.model, 'count')
      return lifecycle.during(() => engine.countTokens(opening, signal))
    },
    onError,
    onLeftOut: ({ id, names }) => log.info({ id, left_out: names }, 'left out of the request'),
    ask: (request, facts) => desk.ask(request, { ...facts, isBatch: false }),
  })
  const lifecycle: Lifecycle = new Lifecycle({
    start: async () => {
      // Shared data is read when it is needed: the database may be away at the moment.
      const isRead = shared ? undefined : observatory.load()
      await Promise.all([engine.start(), isRead, sweepPrivateFolders()])
      if (!shared) return
      const account = await engine.account()
      refuseSubscription(account)
      if (!account.authenticated) loginWatch.noOneIsLoggedIn()
    },
    listen: () => listen((request) => app.fetch(request), { ...config, onError }),
    stop: async () => {
      store.endQueriesIn(STORE_END_MILLISECONDS)
      await batches.close()
      await engine.close()
      await observatory.close()
      tail.close()
      await Promise.all([shelf?.close(), files.close()])
      await store.close()
    },
    release: async () => {
      forgetFolders()
      await folder.remove()
    },
    drainTimeout: config.shutdownTimeout,
    onError,
  })

  await lifecycle.start(abandonStart)
  void batches.resume()
  void files.resume()
  return {
    config,
    fetch: (input, init) => fetchFrom((request) => app.fetch(request), new Request(input, init)),
    async listen() {
      const { port } = await lifecycle.listen()
      // The addresses inside a container are of no use outside.
      if (!machine.container) addresses = networkAddresses(config.host, port)
      return { url: httpAddress(config.host, port), port }
    },
    account: () => engine.account(),
    close: () => lifecycle.close(),
  }
}

/**
 * The data that replicas share in their database. Loaded only for replicas: the query builder takes
 * a fifth of a start.
 */
async function sharedParts() {
  const [{ SharedBuckets }, { UsageTable }, { SharedShelf }] = await Promise.all([
    import('./limits/shared-buckets.ts'),
    import('./observe/usage-table.ts'),
    import('./responses/shared-shelf.ts'),
  ])
  return { SharedBuckets, UsageTable, SharedShelf }
}

/** The environment, without an API address that would make the runtime call this very server. */
function withoutLoop(env: Environment, port: number, log: Log): Environment {
  const { ANTHROPIC_BASE_URL: address, ...others } = env
  if (!isOwnAddress(port, address)) return env
  log.warn({}, "ANTHROPIC_BASE_URL is this server's own address, so the runtime ignores it")
  return others
}

/** The body of `GET /auth/status`, without the fields that the runtime does not know. */
function authStatus(
  account: Account,
  { kind, reason }: Carrier,
): object & { authenticated: boolean; source: string } {
  const { expiresAt, ...known } = account
  const status = {
    ...known,
    ...(expiresAt !== undefined && { expires_at: expiresAt }),
    runtime_reminders: { added: kind === 'turns', reason },
  }
  return status
}
