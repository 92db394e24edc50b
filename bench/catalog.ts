import { coldStart, WarmQuery } from './cold.ts'
import { SYSTEM, unique } from './workloads.ts'
import * as workloads from './workloads.ts'

export const NAMES = {
  direct: 'direct call',
  cold: 'cold start',
  coldFour: 'cold start, 4 at once',
  coldEight: 'cold start, burst of 8',
  coldThirtyTwo: 'cold start, burst of 32',
  sameSystem: 'single-shot, same system',
  newSystem: 'single-shot, a new system each',
  sdk: 'SDK alone, 10,000 deltas',
  relay: 'relay of 10,000 deltas',
} as const

/** The addresses for the workloads, and the needs of a runtime process. */
export type Places = {
  standinUrl: string
  proxyUrl: string
  env: Record<string, string>
  workFolder: string
}

/** All workloads, in the order of the table. */
export function allWorkloads({
  standinUrl,
  proxyUrl,
  env,
  workFolder,
}: Places): workloads.Workload[] {
  const cold = async (): Promise<number> => {
    const { firstDelta } = await coldStart(env, workFolder, SYSTEM, `Hello ${unique()}`)
    return firstDelta
  }
  const same = workloads.singleShot(proxyUrl, () => SYSTEM)
  const fresh = workloads.singleShot(proxyUrl, () => `System ${unique()}. ${SYSTEM}`)
  const direct = workloads.singleShot(standinUrl, () => SYSTEM)
  return [
    workloads.clients(NAMES.direct, 1, 5, direct),
    workloads.clients(NAMES.cold, 1, 3, cold),
    workloads.clients(NAMES.coldFour, 4, 1, cold),
    workloads.clients(NAMES.sameSystem, 1, 10, same),
    workloads.clients(NAMES.newSystem, 1, 10, fresh),
    comparedWith(NAMES.coldFour, workloads.clients(`${NAMES.sameSystem}, 4 at once`, 4, 5, same)),
    comparedWith(NAMES.coldFour, workloads.clients(`${NAMES.newSystem}, 4 at once`, 4, 5, fresh)),
    comparedWith(NAMES.coldEight, workloads.clients(`${NAMES.sameSystem}, 8 at once`, 8, 3, same)),
    comparedWith(NAMES.coldEight, workloads.clients(`${NAMES.newSystem}, 8 at once`, 8, 3, fresh)),
    workloads.nextTurn(proxyUrl, 5),
    workloads.toolSteps(proxyUrl, 10),
    workloads.editOfLastTurn(proxyUrl, 5),
    workloads.markedAgent(proxyUrl, 30),
    workloads.unseenText(proxyUrl, 20),
    workloads.unseenResults(proxyUrl, 20),
    workloads.unseenText(proxyUrl, 200),
    workloads.unseenResults(proxyUrl, 200),
    workloads.burst(NAMES.coldEight, 8, cold),
    comparedWith(NAMES.coldEight, workloads.burst('burst of 8', 8, same)),
    workloads.burst(NAMES.coldThirtyTwo, 32, cold),
    comparedWith(NAMES.coldThirtyTwo, workloads.burst('burst of 32', 32, same)),
    comparedWith(NAMES.coldThirtyTwo, {
      ...workloads.burst('burst of 100', 100, same),
      isThroughput: true,
    }),
    workloads.relay(standinUrl, 'direct call, 10,000 deltas', 10_000),
    sdkAlone(env, workFolder),
    comparedWith(NAMES.sdk, workloads.relay(proxyUrl, NAMES.relay, 10_000)),
  ]
}

function comparedWith(name: string, workload: workloads.Workload): workloads.Workload {
  return { ...workload, against: name }
}

/** The workloads with a matching name, and the workloads that they are compared with. */
export function chosenWorkloads(
  all: readonly workloads.Workload[],
  wanted: RegExp,
): workloads.Workload[] {
  const isWanted = all.filter(({ name }) => wanted.test(name))
  const names = new Set<string>([
    NAMES.direct,
    NAMES.cold,
    ...isWanted.flatMap(({ name, against }) => [name, against ?? name]),
  ])
  return all.filter(({ name }) => names.has(name))
}

export function isColdStart({ name }: workloads.Workload): boolean {
  return name.startsWith('cold')
}

/** The workloads that others are compared with. */
export function isReference(workload: workloads.Workload): boolean {
  return isColdStart(workload) || workload.name.startsWith('direct') || workload.name === NAMES.sdk
}

/** Whether the times are those of whole replies, not of first deltas. */
export function isRelay({ name }: workloads.Workload): boolean {
  return name.includes('10,000')
}

function sdkAlone(env: Record<string, string>, workFolder: string): workloads.Workload {
  return {
    name: NAMES.sdk,
    run: async () => {
      const warm = new WarmQuery(env, workFolder)
      await warm.relay(`${unique()} deltas=10000`)
      const timing = await warm.relay(`${unique()} deltas=10000`)
      warm.close()
      return { times: [timing], requests: 2 }
    },
  }
}
