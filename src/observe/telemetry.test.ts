import { context, metrics, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { turnRecord } from '../../test/support/turn-records.ts'
import { Telemetry } from './telemetry.ts'
import { traceContextOf } from './trace-context.ts'

const CLIENTS_TRACE = '0af7651916cd43dd8448eb211c80319c'
const CLIENTS_SPAN = 'b7ad6b7169203331'
const TRACEPARENT = { traceparent: `00-${CLIENTS_TRACE}-${CLIENTS_SPAN}-01` }

/** The additional fields of a reply's record. */
const ANSWERED = {
  answeredBy: 'claude-sonnet-4-6-20260101',
  messageId: 'msg_1',
  upstreamId: 'req_upstream',
  stopReason: 'end_turn',
  worker: 4242,
}

test('without an SDK nothing happens', async () => {
  const telemetry = new Telemetry('anthropic')
  telemetry.turnEnded(turnRecord(ANSWERED), 'claude-sonnet-4-6', traceContextOf(new Headers()))
  await telemetry.flush()
})

describe('with an SDK', () => {
  let spans: InMemorySpanExporter
  let measured: InMemoryMetricExporter
  let tracers: NodeTracerProvider
  let meters: MeterProvider
  let telemetry: Telemetry

  beforeEach(() => {
    spans = new InMemorySpanExporter()
    measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    telemetry = new Telemetry('anthropic')
    // Instruments that were made before an SDK was loaded must work with it later.
    telemetry.turnEnded(turnRecord(), 'claude-sonnet-4-6')
    tracers = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
    tracers.register()
    const reader = new PeriodicExportingMetricReader({
      exporter: measured,
      exportIntervalMillis: 3_600_000,
    })
    meters = new MeterProvider({ readers: [reader] })
    metrics.setGlobalMeterProvider(meters)
  })

  afterEach(async () => {
    for (const api of [trace, metrics, propagation, context]) api.disable()
    await tracers.shutdown()
    await meters.shutdown()
  })

  async function points(name: string) {
    await telemetry.flush()
    const [latest] = measured.getMetrics().slice(-1)
    const all = latest?.scopeMetrics ?? []
    const found = all
      .flatMap((scope) => scope.metrics)
      .filter(({ descriptor }) => descriptor.name === name)
    return found.flatMap(({ dataPoints }) =>
      dataPoints.map(({ attributes, value }) => ({
        attributes,
        sum: (value as { sum: number }).sum,
      })),
    )
  }

  test('a turn is a span with the names of the conventions', () => {
    telemetry.turnEnded(turnRecord(ANSWERED), 'claude-sonnet-4-6')
    const [span] = spans.getFinishedSpans()
    expect(span).toMatchObject({
      name: 'chat claude-sonnet-4-6',
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
      startTime: [Date.parse('2026-03-04T05:06:07Z') / 1000, 0],
      duration: [1, 0],
      instrumentationScope: { name: 'claude-sub-proxy' },
    })
    expect(span?.attributes).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'anthropic',
      'gen_ai.request.model': 'claude-sonnet-4-6',
      'gen_ai.response.model': 'claude-sonnet-4-6-20260101',
      'gen_ai.response.id': 'msg_1',
      'gen_ai.response.finish_reasons': ['end_turn'],
      'gen_ai.response.time_to_first_chunk': 0.2,
      'gen_ai.usage.input_tokens': 67,
      'gen_ai.usage.output_tokens': 55,
      'gen_ai.usage.cache_read.input_tokens': 34,
      'gen_ai.usage.cache_creation.input_tokens': 12,
      'http.response.status_code': 200,
      'claude_sub_proxy.request.id': 'req_1',
      'claude_sub_proxy.upstream.request.id': 'req_upstream',
      'claude_sub_proxy.lane': 'open',
      'claude_sub_proxy.worker.pid': 4242,
      'claude_sub_proxy.outcome': 'whole',
    })
  })

  test('the span belongs to the trace of its client', () => {
    const parent = traceContextOf(new Headers(TRACEPARENT))
    telemetry.turnEnded(turnRecord(), 'claude-sonnet-4-6', parent)
    const [span] = spans.getFinishedSpans()
    expect(span?.spanContext().traceId).toBe(CLIENTS_TRACE)
    expect(span?.parentSpanContext?.spanId).toBe(CLIENTS_SPAN)
  })

  test('turns of two clients are in two traces', () => {
    const other = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` }
    for (const headers of [TRACEPARENT, other, {}]) {
      const parent = traceContextOf(new Headers(headers))
      telemetry.turnEnded(turnRecord(), 'claude-sonnet-4-6', parent)
    }
    const traces = spans.getFinishedSpans().map((span) => span.spanContext().traceId)
    expect(traces.slice(0, 2)).toEqual([CLIENTS_TRACE, '1'.repeat(32)])
    expect(new Set(traces).size).toBe(3)
  })

  test('an open span around the request overrides its headers', () => {
    const parent = trace.getTracer('a server').startActiveSpan('POST /v1/messages', (server) => {
      const found = traceContextOf(new Headers(TRACEPARENT))
      server.end()
      return found
    })
    telemetry.turnEnded(turnRecord(), 'claude-sonnet-4-6', parent)
    const [server, span] = spans.getFinishedSpans()
    expect(span?.parentSpanContext?.spanId).toBe(server?.spanContext().spanId)
  })

  test('an error has its type, and not its message', () => {
    const failed = { outcome: 'error', status: 529, errorType: 'overloaded_error' } as const
    telemetry.turnEnded(turnRecord({ ...failed, reason: 'a secret' }), 'other')
    const [span] = spans.getFinishedSpans()
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR })
    expect(span?.attributes).toMatchObject({
      'error.type': 'overloaded_error',
      'http.response.status_code': 529,
    })
    expect(JSON.stringify([span?.attributes, span?.events])).not.toContain('secret')
  })

  test('a client that leaves is no error', () => {
    telemetry.turnEnded(turnRecord({ outcome: 'client left', status: 499 }), 'other')
    const [span] = spans.getFinishedSpans()
    expect(span?.status).toEqual({ code: SpanStatusCode.UNSET })
    expect(span?.attributes).toMatchObject({ 'claude_sub_proxy.outcome': 'client_left' })
  })

  test('times and tokens are measured', async () => {
    telemetry.turnEnded(turnRecord(ANSWERED), 'claude-sonnet-4-6')
    telemetry.turnEnded(turnRecord({ ...ANSWERED, totalMs: 2000 }), 'claude-sonnet-4-6')
    const shared = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'anthropic',
      'gen_ai.request.model': 'claude-sonnet-4-6',
      'gen_ai.response.model': 'claude-sonnet-4-6',
    }
    const lane = { 'claude_sub_proxy.lane': 'open' }
    expect(await points('gen_ai.client.operation.duration')).toEqual([
      { attributes: { ...shared, ...lane }, sum: 3 },
    ])
    expect(await points('gen_ai.client.operation.time_to_first_chunk')).toEqual([
      { attributes: { ...shared, ...lane }, sum: 0.4 },
    ])
    expect(await points('gen_ai.client.token.usage')).toEqual([
      { attributes: { ...shared, 'gen_ai.token.type': 'input' }, sum: 134 },
      { attributes: { ...shared, 'gen_ai.token.type': 'output' }, sum: 110 },
    ])
  })

  test('the span and the measurements have the name of the key', async () => {
    telemetry.turnEnded(turnRecord({ ...ANSWERED, key: 'ann' }), 'claude-sonnet-4-6')
    expect(spans.getFinishedSpans()[0]?.attributes).toMatchObject({ 'claude_sub_proxy.key': 'ann' })
    const [point] = await points('gen_ai.client.token.usage')
    expect(point?.attributes).toMatchObject({ 'claude_sub_proxy.key': 'ann' })
  })

  test('a model name that a client made up is no label', async () => {
    const failed = { outcome: 'error', status: 404, errorType: 'not_found_error' } as const
    telemetry.turnEnded(turnRecord({ ...failed, model: 'made-up' }), 'other')
    const [point] = await points('gen_ai.client.operation.duration')
    expect(point?.attributes).toMatchObject({
      'gen_ai.request.model': 'other',
      'error.type': 'not_found_error',
    })
    expect(await points('gen_ai.client.token.usage')).toEqual([])
  })
})
