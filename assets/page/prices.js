// The API's list prices in US dollars for a million tokens. Change them here.
// Source: https://platform.claude.com/docs/en/about-claude/pricing and the pages of the models.

export const PRICES_AS_OF = '2026-11-25'

/** By the beginning of a model's name; the longest that fits counts. A cache write is for 5 minutes. */
const PRICES = {
  'claude-fable-5-1': { input: 10, output: 50, cacheRead: 0.25 },
  'claude-fable-5': { input: 10, output: 50 },
  'claude-mythos-5-1': { input: 10, output: 50, cacheRead: 0.25 },
  'claude-mythos-5': { input: 10, output: 50 },
  'claude-opus-5-5': { input: 4, output: 20, cacheRead: 0.2 },
  'claude-opus-5': { input: 5, output: 25 },
  'claude-opus-4-5': { input: 5, output: 25 },
  'claude-opus-4-6': { input: 5, output: 25 },
  'claude-opus-4-7': { input: 5, output: 25 },
  'claude-opus-4-8': { input: 5, output: 25 },
  'claude-opus-4': { input: 15, output: 75 },
  'claude-sonnet-5-5': { input: 2, output: 10, cacheRead: 0.1 },
  'claude-sonnet-5': { input: 2, output: 10 },
  'claude-sonnet-4': { input: 3, output: 15 },
  // For prompts of up to 100,000 tokens; longer ones cost five times as much.
  'claude-haiku-5-5': { input: 0.1, output: 0.5 },
  'claude-haiku-4-5': { input: 1, output: 5 },
}

const CACHE_WRITE = 1.25
const CACHE_READ = 0.1

/**
 * The cost of tokens at list prices.
 *
 * @param byModel counts by the models' names
 * @returns the dollars, and the names of models that have no price here
 */
export function costOf(byModel) {
  let dollars = 0
  const unknown = []
  for (const [model, counts] of Object.entries(byModel)) {
    const price = priceOf(model)
    if (price !== undefined) dollars += cost(counts, price)
    else if (counts.output_tokens > 0) unknown.push(model)
  }
  return { dollars, unknown }
}

/**
 * Counts by model for each key, for `costOf`.
 *
 * @param counts by key and model, as `ann claude-sonnet-4-6`; the name of a key has no space
 */
export function modelsByKey(counts) {
  const keys = {}
  for (const [name, own] of Object.entries(counts)) {
    const space = name.indexOf(' ')
    const key = (keys[name.slice(0, space)] ??= {})
    key[name.slice(space + 1)] = own
  }
  return keys
}

function priceOf(model) {
  // Other providers put words of their own before the name.
  const name = model.slice(Math.max(0, model.indexOf('claude-')))
  const fitting = Object.keys(PRICES).filter((prefix) => name.startsWith(prefix))
  return PRICES[fitting.toSorted((a, b) => b.length - a.length)[0]]
}

function cost(counts, { input, output, cacheRead = input * CACHE_READ }) {
  const parts = [
    counts.input_tokens * input,
    counts.output_tokens * output,
    counts.cache_read_input_tokens * cacheRead,
    counts.cache_creation_input_tokens * input * CACHE_WRITE,
  ]
  return parts.reduce((sum, part) => sum + part, 0) / 1_000_000
}
