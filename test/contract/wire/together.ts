import { expect } from 'vitest'

import { CARRIER } from '../../support/carrier.ts'
import { type ClientRequest, wireDifferences } from '../../support/wire.ts'
import { type Bench, type Exchange, nextTurn } from './bench.ts'

/*
 * Cases that share a request, because the start of a process is expensive. Only cases that do not
 * influence each other share one: turns of one history, tools of one list.
 */

/** The name of the case to which each tool and each turn of a request belongs; '' if to none. */
export type Owners = { tools?: readonly string[]; messages?: readonly string[] }

/** Like `expectAsSent`; each path follows the name of its case. */
export function expectEachAsSent({ request, upstream, lane }: Exchange, owners: Owners): void {
  const lines = wireDifferences(request, upstream).map((line) => {
    const owner = ownerOf(line, owners)
    return owner ? `${owner}: ${line}` : line
  })
  expect.soft(lines, `the wire by ${lane}`).toEqual([])
}

/**
 * Like `expectAsSentInEachLane`; each path follows the name of its case.
 *
 * @param prompt the prompt of the second request, which a live process serves
 */
export async function expectEachAsSentInEachLane(
  bench: Bench,
  request: ClientRequest,
  owners: Owners,
  prompt: unknown,
): Promise<void> {
  const first = await bench.send(request)
  expectEachAsSent(first, owners)
  if (CARRIER === 'whole') return
  const second = await bench.send(nextTurn(first, prompt))
  expectEachAsSent(second, owners)
  expect.soft(second.lane).toBe('continue')
}

const PLACE = /^(?:(?<tools>tools)|messages)(?: \(roles\))?\.(?<index>\d+)/

function ownerOf(line: string, owners: Owners): string | undefined {
  const { tools, index } = PLACE.exec(line)?.groups ?? {}
  return (tools ? owners.tools : owners.messages)?.[Number(index)]
}
