import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * The slowest files come first; otherwise one worker would run the last of them alone at the end. A
 * fresh clone has no durations of an earlier run to sort by.
 */
const FIRST = [
  '/contract/faults/',
  '/isolation/cacheable',
  '/exactness/sdk',
  '/batches/replicas',
  '/wire/text-is-data',
  '/wire/history',
  '/wire/parameters',
  '/contract/page/',
  '/contract/',
  '/test/',
]

/**
 * The order of the files of tests. Those of a project are neighbours: a worker that gets a file of
 * another project is restarted, and imports everything again.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- a method of vitest's, not of an array
    const sorted = await super.sort(files)
    return sorted.toSorted(
      (one, other) => orderOf(one) - orderOf(other) || rankOf(one) - rankOf(other),
    )
  }
}

/** The small project is first, so that the longest files do not wait for the change. */
function orderOf({ project }: TestSpecification): number {
  return project.name === 'whole' ? 0 : 1
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = FIRST.findIndex((part) => moduleId.includes(part))
  return rank === -1 ? FIRST.length : rank
}
