import type { MessagesRequest } from './api/types.ts'
import type { ClientKey } from './config/keys/client-key.ts'
import type { RequestFacts } from './http/messages.ts'
import type { TurnRecord } from './observe/turn-record.ts'
import { failedTurn, watchTurn } from './observe/turn-watch.ts'
import type { Turn } from './plan/turn.ts'
import { throwIfLeft } from './refusals.ts'
import type { EngineCensus, Served } from './runtime/engine.ts'
import type { Reply } from './stream/reply.ts'

/** A turn, and whether Claude Code shall work on it with tools of its own. */
export type PlannedTurn = { turn: Turn; isRun: boolean }

/** What is known of a request. */
export type AskFacts = RequestFacts & {
  /** The key that let it in; undefined if clients need none. */
  key: ClientKey | undefined
  /** Whether it is one of a batch. */
  isBatch: boolean
}

export type TurnDeskInput = {
  /** The model of a request that names none. */
  defaultModel: string
  /** Has the end of the proxy wait for a turn, until the result is called. Throws once it stops. */
  begin: () => () => void
  /** @throws ApiError for a request that can't be asked */
  plan: (
    request: MessagesRequest,
    asked: Pick<RequestFacts, 'betas' | 'headers'>,
  ) => Promise<PlannedTurn>
  /** Rejects with an ApiError if no turn of the model may be asked now, or not by this client. */
  guard: (model: string, facts: AskFacts) => Promise<void>
  /** @throws ApiError if there is no reply */
  serve: (planned: PlannedTurn, asked: Pick<AskFacts, 'signal' | 'isBatch'>) => Promise<Served>
  /** Called when turns came, got their worker or ended. */
  onChange: () => void
  /** Called once for each turn, however it ended. */
  onEnd: (record: TurnRecord, trace: RequestFacts['trace']) => void
  /** Milliseconds on the clock of `Reply.firstEventAt`. */
  now: () => number
}

/**
 * Takes turns in: each is counted from its request to the end of its reply, planned, served and
 * recorded once. No process and no connection is known here.
 */
export class TurnDesk {
  readonly #input: TurnDeskInput
  #inFlight = 0

  constructor(input: TurnDeskInput) {
    this.#input = input
  }

  /** Turns whose replies have not ended. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** Whether a process is left for an interactive request when a batch's takes one. */
  hasRoomForBatch({ processes, limit, waiting }: EngineCensus): boolean {
    return waiting === 0 && this.#inFlight + processes.held < Math.max(1, limit - 1)
  }

  /**
   * Serves a request.
   *
   * @returns its reply, when the request is on its way upstream
   * @throws ApiError if there is none, or the proxy stops
   */
  async ask(request: MessagesRequest, asked: AskFacts): Promise<Reply> {
    const { id, signal, trace, key } = asked
    const { begin, plan, guard, serve, onChange, now, defaultModel } = this.#input
    const end = begin()
    const model = request.model ?? defaultModel
    const facts = { id, lane: 'none', model, key: key?.name, startedAt: now(), signal }
    const finish = (record: TurnRecord): void => {
      this.#inFlight -= 1
      end()
      this.#input.onEnd(record, trace)
    }
    this.#inFlight += 1
    onChange()
    try {
      throwIfLeft(signal)
      const planned = await plan(request, asked)
      throwIfLeft(signal)
      facts.model = planned.turn.model
      await guard(facts.model, asked)
      const { lane, worker, reply } = await serve(planned, asked)
      onChange()
      watchTurn(reply, { ...facts, lane, worker }, finish)
      return reply
    } catch (error) {
      finish(failedTurn(facts, error))
      throw error
    }
  }
}
