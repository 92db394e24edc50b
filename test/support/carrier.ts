/**
 * How conversations get to the API: `turns`, put into the runtime one by one, as with a subscription,
 * or `whole`, in the body of each request, as with an API key. The project `whole` of
 * `vitest.config.ts` runs tests a second time, for the latter.
 */
export const CARRIER = process.env['TEST_CARRIER'] === 'whole' ? 'whole' : 'turns'

/** The option `runtime_reminders` of a proxy whose login is an API key. */
export const RUNTIME_REMINDERS = CARRIER === 'whole' ? 'auto' : 'keep'

/** The lane of a turn: a conversation that is sent as a whole always takes `open`. */
export function laneOf(lane: string): string {
  return CARRIER === 'whole' ? 'open' : lane
}
