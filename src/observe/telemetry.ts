import {
  type Attributes,
  type Histogram,
  type MeterProvider,
  metrics,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'

import { VERSION } from '../version.ts'
import type { TraceContext } from './trace-context.ts'
import type { TurnRecord } from './turn-record.ts'

/** The name of the instrumentation scope. */
const SCOPE = 'claude-sub-proxy'

const OPERATION = 'chat'

/** The conventions' bucket boundaries, in seconds and in tokens. */
const DURATION_BUCKETS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
]
const FIRST_CHUNK_BUCKETS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]
const TOKEN_BUCKETS = Array.from({ length: 14 }, (_, power) => 4 ** power)

/** How long an exporter that hangs may delay the end of the proxy, in milliseconds. */
const FLUSH_PATIENCE = 3000

type Instruments = { duration: Histogram; firstChunk: Histogram; tokens: Histogram }

/**
 * A span and measurements for each turn, by OpenTelemetry's conventions for generative AI. They go
 * to the SDK that the program has loaded; without an SDK nothing happens. They contain no text of a
 * conversation and no error messages.
 *
 * Source: https://github.com/open-telemetry/semantic-conventions-genai
 */
export class Telemetry {
  readonly #provider: string
  #source: MeterProvider | undefined
  #instruments: Instruments | undefined

  /** @param provider `gen_ai.provider.name`: the service behind the runtime */
  constructor(provider: string) {
    this.#provider = provider
  }

  /**
   * @param model the turn's, if it is one of a limited number of names
   * @param parent the trace of the client's request
   */
  turnEnded(turn: TurnRecord, model: string, parent: TraceContext = ROOT_CONTEXT): void {
    this.#addSpan(turn, parent)
    this.#measure(turn, model)
  }

  /** Makes the SDK send its buffered data. Never rejects, and waits for some seconds at most. */
  async flush(): Promise<void> {
    const tracers = trace.getTracerProvider()
    const delegate = tracers instanceof ProxyTracerProvider ? tracers.getDelegate() : tracers
    let timer: NodeJS.Timeout | undefined
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, FLUSH_PATIENCE)
    })
    const sent = Promise.allSettled([delegate, metrics.getMeterProvider()].map(flushProvider))
    await Promise.race([sent, late])
    clearTimeout(timer)
  }

  #addSpan(turn: TurnRecord, parent: TraceContext): void {
    const { at, totalMs, outcome } = turn
    const attributes = { ...this.#shared(turn.model), ...spanAttributes(turn) }
    const span = trace
      .getTracer(SCOPE, VERSION)
      .startSpan(
        `${OPERATION} ${turn.model}`,
        { kind: SpanKind.CLIENT, startTime: at, attributes },
        parent,
      )
    if (outcome === 'error' || outcome === 'timed out') {
      span.setStatus({ code: SpanStatusCode.ERROR })
    }
    span.end(at + totalMs)
  }

  #measure(turn: TurnRecord, model: string): void {
    const { duration, firstChunk, tokens } = this.#current()
    const shared = {
      ...this.#shared(model),
      ...(turn.answeredBy !== undefined && { 'gen_ai.response.model': model }),
      ...keyAttribute(turn),
    }
    const served = { ...shared, 'claude_sub_proxy.lane': turn.lane }
    duration.record(turn.totalMs / 1000, { ...served, ...errorAttribute(turn) })
    if (turn.firstEventMs !== undefined) firstChunk.record(turn.firstEventMs / 1000, served)
    // Without a reply no tokens were used. That is recorded as no measurement, not as 0.
    if (turn.answeredBy === undefined) return
    tokens.record(inputTokens(turn), { ...shared, 'gen_ai.token.type': 'input' })
    tokens.record(turn.tokens.output, { ...shared, 'gen_ai.token.type': 'output' })
  }

  #shared(model: string): Attributes {
    return {
      'gen_ai.operation.name': OPERATION,
      'gen_ai.provider.name': this.#provider,
      'gen_ai.request.model': model,
    }
  }

  /**
   * The instruments of the currently loaded SDK: instruments made before its loading stay without
   * effect.
   */
  #current(): Instruments {
    const source = metrics.getMeterProvider()
    if (this.#instruments === undefined || this.#source !== source) {
      this.#source = source
      this.#instruments = makeInstruments(source)
    }
    return this.#instruments
  }
}

function spanAttributes(turn: TurnRecord): Attributes {
  const { answeredBy, messageId, stopReason, firstEventMs, tokens, upstreamId } = turn
  return {
    'claude_sub_proxy.request.id': turn.id,
    'claude_sub_proxy.lane': turn.lane,
    ...(turn.worker !== undefined && { 'claude_sub_proxy.worker.pid': turn.worker }),
    'claude_sub_proxy.outcome': turn.outcome.replaceAll(' ', '_'),
    'http.response.status_code': turn.status,
    ...(upstreamId !== undefined && { 'claude_sub_proxy.upstream.request.id': upstreamId }),
    ...keyAttribute(turn),
    ...errorAttribute(turn),
    ...(stopReason !== undefined && { 'gen_ai.response.finish_reasons': [stopReason] }),
    ...(firstEventMs !== undefined && {
      'gen_ai.response.time_to_first_chunk': firstEventMs / 1000,
    }),
    ...(messageId !== undefined && { 'gen_ai.response.id': messageId }),
    ...(answeredBy !== undefined && {
      'gen_ai.response.model': answeredBy,
      'gen_ai.usage.input_tokens': inputTokens(turn),
      'gen_ai.usage.output_tokens': tokens.output,
      'gen_ai.usage.cache_read.input_tokens': tokens.cacheRead,
      'gen_ai.usage.cache_creation.input_tokens': tokens.cacheCreation,
    }),
  }
}

/** The name of the key, never the key. */
function keyAttribute({ key }: TurnRecord): Attributes {
  return key === undefined ? {} : { 'claude_sub_proxy.key': key }
}

function errorAttribute({ errorType }: TurnRecord): Attributes {
  return errorType === undefined ? {} : { 'error.type': errorType }
}

/** All input tokens: the API counts cached ones separately, the conventions include them. */
function inputTokens({ tokens: { input, cacheRead, cacheCreation } }: TurnRecord): number {
  return input + cacheRead + cacheCreation
}

function makeInstruments(provider: MeterProvider): Instruments {
  const meter = provider.getMeter(SCOPE, VERSION)
  return {
    duration: meter.createHistogram('gen_ai.client.operation.duration', {
      description: 'GenAI operation duration.',
      unit: 's',
      advice: { explicitBucketBoundaries: DURATION_BUCKETS },
    }),
    firstChunk: meter.createHistogram('gen_ai.client.operation.time_to_first_chunk', {
      description: 'Time to the first event of a reply.',
      unit: 's',
      advice: { explicitBucketBoundaries: FIRST_CHUNK_BUCKETS },
    }),
    tokens: meter.createHistogram('gen_ai.client.token.usage', {
      description: 'Input and output tokens used.',
      unit: '{token}',
      advice: { explicitBucketBoundaries: TOKEN_BUCKETS },
    }),
  }
}

/** The API has no type for it, but the SDK's providers have the method. */
async function flushProvider(provider: object): Promise<void> {
  const { forceFlush } = provider as { forceFlush?: () => Promise<void> }
  await forceFlush?.call(provider)
}
