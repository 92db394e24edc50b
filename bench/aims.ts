import { NAMES } from './catalog.ts'
import type { Figures } from './measured.ts'

export type AimResult = { what: string; wanted: string; measured: string; isMet: boolean }

type Aim = {
  what: string
  /** The smallest or the largest allowed ratio. */
  limit: { least: number } | { most: number }
  ratio: (figures: Lookup) => number | undefined
}

type Lookup = (name: string) => Figures | undefined

/** The targets for one run, as ratios to other workloads of the same run. */
const AIMS: readonly Aim[] = [
  faster(NAMES.sameSystem, 12),
  faster(NAMES.newSystem, 12),
  ...[NAMES.sameSystem, NAMES.newSystem].map((name): Aim => ({
    what: `${name}, 4 at once: requests a second`,
    limit: { least: 15 },
    ratio: ratioOf(
      `${name}, 4 at once`,
      NAMES.coldFour,
      (one, cold) => one.requestsPerSecond / cold.requestsPerSecond,
    ),
  })),
  ...[NAMES.sameSystem, NAMES.newSystem].map((name): Aim => ({
    what: `${name}: CPU`,
    limit: { most: 0.1 },
    ratio: ratioOf(name, NAMES.cold, (one, cold) => one.cpu / cold.cpu),
  })),
  faster('next turn', 15),
  faster('tool step', 15),
  faster('edit of the last turn', 15),
  faster('history of 20, text', 8),
  faster('history of 20, tool results', 2.5),
  faster('history of 200, text', 4),
  faster('burst of 8', 20, NAMES.coldEight),
  faster('burst of 32', 10, NAMES.coldThirtyTwo),
  {
    what: `${NAMES.relay}: time, to the SDK alone`,
    limit: { most: 1.3 },
    ratio: ratioOf(NAMES.relay, NAMES.sdk, (one, alone) => one.p50 / alone.p50),
  },
]

/**
 * The goal as a share of the memory at the end of another run, whose processes stayed for ten
 * minutes.
 */
const MEMORY_SHARE = 1 / 3

/**
 * MB of all 16 processes after the same workloads in the version before workers, which kept a process
 * for each conversation.
 */
export const MEMORY_BEFORE = 1895

/**
 * Whether each target is met, if its workloads were measured.
 *
 * @param memory of all processes 40 s after the end, in MB, and that at the end of the run that it
 * is compared with
 */
export function judge(
  figures: readonly Figures[],
  memory: { atRest: number; baseline: number | undefined },
): AimResult[] {
  const lookup: Lookup = (name) => figures.find((one) => one.name === name)
  const results = AIMS.flatMap(({ what, limit, ratio }) => {
    const value = ratio(lookup)
    return value === undefined ? [] : [resultOf(what, limit, value)]
  })
  if (memory.baseline === undefined) return results
  const share = memory.atRest / memory.baseline
  return [
    ...results,
    resultOf(
      'memory 40 s after the end, to that before the workers',
      { most: MEMORY_SHARE },
      share,
    ),
  ]
}

function resultOf(what: string, limit: Aim['limit'], value: number): AimResult {
  const isLeast = 'least' in limit
  const bound = isLeast ? limit.least : limit.most
  return {
    what,
    wanted: `${isLeast ? 'at least' : 'at most'} ${Number(bound.toFixed(2))} ×`,
    measured: `${value.toFixed(value < 3 ? 2 : 1)} ×`,
    isMet: isLeast ? value >= bound : value <= bound,
  }
}

function faster(name: string, least: number, than: string = NAMES.cold): Aim {
  return {
    what: `${name}: faster`,
    limit: { least },
    ratio: ratioOf(name, than, (one, cold) => cold.p50 / one.p50),
  }
}

function ratioOf(
  name: string,
  reference: string,
  ratio: (one: Figures, other: Figures) => number,
): Aim['ratio'] {
  return (lookup) => {
    const [one, other] = [lookup(name), lookup(reference)]
    return one && other && ratio(one, other)
  }
}
