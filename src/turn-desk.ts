import type { MessagesRequest } from './api/types.ts'
import type { ClientKey } from './config/keys/client-key.ts'
import type { RequestFacts } from './http/messages.ts'
import type { TurnRecord } from './observe/turn-record.ts'
import { failedTurn, watchTurn } from './observe/turn-watch.ts'
import type { Turn } from './plan/turn.ts'
import { throwIfLeft } from './refusals.ts'
import type { EngineCensus, Served } from './runtime/engine.ts'
import type { Reply } from './stream/reply.ts'

/** A turn, and whether Claude Code shall work on it with its own tools. */
export type PlannedTurn = { turn: Turn; isRun: boolean }

/** The facts about a request. */
export type AskFacts = RequestFacts & {
  /** The client's key; undefined if clients need no key. */
  key: ClientKey | undefined
  /** Whether it belongs to a batch. */
  isBatch: boolean
}

export type TurnDeskInput = {
  /** The model for requests that name none. */
  defaultModel: string
  /**
   * Makes the proxy's end wait for a turn, until the returned function is called. Throws once the
   * proxy stops.
   */
  begin: () => () => void
  /** @throws ApiError if the request can't be sent */
  plan: (
    request: MessagesRequest,
    asked: Pick<RequestFacts, 'betas' | 'headers'>,
  ) => Promise<PlannedTurn>
  /** Rejects with an ApiError if the client may not ask the model now. */
  guard: (model: string, facts: AskFacts) => Promise<void>
  /** @throws ApiError if no reply comes */
  serve: (planned: PlannedTurn, asked: Pick<AskFacts, 'signal' | 'isBatch'>) => Promise<Served>
  /** Called when a turn came, got its worker or ended. */
  onChange: () => void
  /** Called once for each turn, when it has ended. */
  onEnd: (record: TurnRecord, trace: RequestFacts['trace']) => void
  /** Milliseconds, on the clock of `Reply.firstEventAt`. */
  now: () => number
}

/**
 * Accepts turns. Each turn is planned, served, recorded once, and counted from its request to the
 * end of its reply. This class knows nothing of processes and connections.
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

  /** Whether an interactive request would still find a process if a batch took one. */
  hasRoomForBatch({ processes, limit, waiting }: EngineCensus): boolean {
    return waiting === 0 && this.#inFlight + processes.held < Math.max(1, limit - 1)
  }

  /**
   * Serves a request.
   *
   * @returns its reply, once the request was sent upstream
   * @throws ApiError if no reply comes, or the proxy stops
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
