import type { TurnRecord } from './turn-record.ts'

export type Counts = {
  requests: number
  errors: number
  input_tokens: number
  output_tokens: number
  cache_read_input_tokens: number
  cache_creation_input_tokens: number
}

export type Totals = Counts & {
  by_model: Record<string, Counts>
  by_lane: Record<string, Counts>
  /** By the names of the keys; empty if clients need none. */
  by_key: Record<string, Counts>
  /** By key and model: `ann claude-sonnet-4-6`. The name of a key has no space. */
  by_key_and_model: Record<string, Counts>
}

export function noTotals(): Totals {
  return { ...noCounts(), by_model: {}, by_lane: {}, by_key: {}, by_key_and_model: {} }
}

/** @param model the name that the turn is counted under; there must be a limited number of such names */
export function totalsOf(turn: TurnRecord, model: string): Totals {
  const counts = {
    requests: 1,
    errors: turn.outcome === 'error' || turn.outcome === 'timed out' ? 1 : 0,
    input_tokens: turn.tokens.input,
    output_tokens: turn.tokens.output,
    cache_read_input_tokens: turn.tokens.cacheRead,
    cache_creation_input_tokens: turn.tokens.cacheCreation,
  }
  return {
    ...counts,
    by_model: { [model]: counts },
    by_lane: { [turn.lane]: counts },
    by_key: turn.key === undefined ? {} : { [turn.key]: counts },
    by_key_and_model: turn.key === undefined ? {} : { [`${turn.key} ${model}`]: counts },
  }
}

export function addTotals(a: Totals, b: Totals): Totals {
  return {
    ...addCounts(a, b),
    by_model: addByName(a.by_model, b.by_model),
    by_lane: addByName(a.by_lane, b.by_lane),
    by_key: addByName(a.by_key, b.by_key),
    by_key_and_model: addByName(a.by_key_and_model, b.by_key_and_model),
  }
}

function noCounts(): Counts {
  return {
    requests: 0,
    errors: 0,
    input_tokens: 0,
    output_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
  }
}

function addCounts(a: Counts, b: Counts): Counts {
  return {
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    input_tokens: a.input_tokens + b.input_tokens,
    output_tokens: a.output_tokens + b.output_tokens,
    cache_read_input_tokens: a.cache_read_input_tokens + b.cache_read_input_tokens,
    cache_creation_input_tokens: a.cache_creation_input_tokens + b.cache_creation_input_tokens,
  }
}

function addByName(a: Record<string, Counts>, b: Record<string, Counts>): Record<string, Counts> {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return Object.fromEntries(
    names.map((name) => [name, addCounts(ownCounts(a, name), ownCounts(b, name))]),
  )
}

/**
 * The tokens charged to a key: input, output, and tokens written to the cache. Tokens read from the
 * cache are free, as with the API's own limits.
 */
export function chargedTokens({ by_key: byKey }: Totals, name: string): number {
  const counts = ownCounts(byKey, name)
  return counts.input_tokens + counts.cache_creation_input_tokens + counts.output_tokens
}

/** A name may also be a property of every object, such as `constructor`. */
function ownCounts(counts: Record<string, Counts>, name: string): Counts {
  return (Object.hasOwn(counts, name) ? counts[name] : undefined) ?? noCounts()
}
