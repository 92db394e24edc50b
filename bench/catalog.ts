import { coldStart, WarmQuery } from './cold.ts'
import { SYSTEM, unique } from './works.ts'
import * as works from './works.ts'

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

/** The addresses for the works, and the needs of a runtime process. */
export type Places = {
  standinUrl: string
  proxyUrl: string
  env: Record<string, string>
  workFolder: string
}

/** All works, in the order of the table. */
export function allWorks({ standinUrl, proxyUrl, env, workFolder }: Places): works.Work[] {
  const cold = async (): Promise<number> => {
    const { firstDelta } = await coldStart(env, workFolder, SYSTEM, `Hello ${unique()}`)
    return firstDelta
  }
  const same = works.singleShot(proxyUrl, () => SYSTEM)
  const fresh = works.singleShot(proxyUrl, () => `System ${unique()}. ${SYSTEM}`)
  const direct = works.singleShot(standinUrl, () => SYSTEM)
  return [
    works.clients(NAMES.direct, 1, 5, direct),
    works.clients(NAMES.cold, 1, 3, cold),
    works.clients(NAMES.coldFour, 4, 1, cold),
    works.clients(NAMES.sameSystem, 1, 10, same),
    works.clients(NAMES.newSystem, 1, 10, fresh),
    comparedWith(NAMES.coldFour, works.clients(`${NAMES.sameSystem}, 4 at once`, 4, 5, same)),
    comparedWith(NAMES.coldFour, works.clients(`${NAMES.newSystem}, 4 at once`, 4, 5, fresh)),
    comparedWith(NAMES.coldEight, works.clients(`${NAMES.sameSystem}, 8 at once`, 8, 3, same)),
    comparedWith(NAMES.coldEight, works.clients(`${NAMES.newSystem}, 8 at once`, 8, 3, fresh)),
    works.nextTurn(proxyUrl, 5),
    works.toolSteps(proxyUrl, 10),
    works.editOfLastTurn(proxyUrl, 5),
    works.markedAgent(proxyUrl, 30),
    works.unseenText(proxyUrl, 20),
    works.unseenResults(proxyUrl, 20),
    works.unseenText(proxyUrl, 200),
    works.unseenResults(proxyUrl, 200),
    works.burst(NAMES.coldEight, 8, cold),
    comparedWith(NAMES.coldEight, works.burst('burst of 8', 8, same)),
    works.burst(NAMES.coldThirtyTwo, 32, cold),
    comparedWith(NAMES.coldThirtyTwo, works.burst('burst of 32', 32, same)),
    comparedWith(NAMES.coldThirtyTwo, {
      ...works.burst('burst of 100', 100, same),
      isThroughput: true,
    }),
    works.relay(standinUrl, 'direct call, 10,000 deltas', 10_000),
    sdkAlone(env, workFolder),
    comparedWith(NAMES.sdk, works.relay(proxyUrl, NAMES.relay, 10_000)),
  ]
}

function comparedWith(name: string, work: works.Work): works.Work {
  return { ...work, against: name }
}

/** The works with a matching name, and the works that they are compared with. */
export function chosenWorks(all: readonly works.Work[], wanted: RegExp): works.Work[] {
  const isWanted = all.filter(({ name }) => wanted.test(name))
  const names = new Set<string>([
    NAMES.direct,
    NAMES.cold,
    ...isWanted.flatMap(({ name, against }) => [name, against ?? name]),
  ])
  return all.filter(({ name }) => names.has(name))
}

export function isColdStart({ name }: works.Work): boolean {
  return name.startsWith('cold')
}

/** The works that others are compared with. */
export function isReference(work: works.Work): boolean {
  return isColdStart(work) || work.name.startsWith('direct') || work.name === NAMES.sdk
}

/** Whether the times are those of whole replies, not of first deltas. */
export function isRelay({ name }: works.Work): boolean {
  return name.includes('10,000')
}

function sdkAlone(env: Record<string, string>, workFolder: string): works.Work {
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
