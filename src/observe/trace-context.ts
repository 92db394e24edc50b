import { context, type Context, propagation, type TextMapGetter, trace } from '@opentelemetry/api'

/** What a turn's span is a part of. */
export type TraceContext = Context

/**
 * The trace that a request belongs to. A span that is open around the request comes first (a server's
 * or a caller's instrumentation, which has read the headers itself), then the request's own headers,
 * such as `traceparent`. Without an OpenTelemetry SDK there is none, and this costs nothing.
 */
export function traceContextOf(headers: Headers): TraceContext {
  const active = context.active()
  return trace.getSpan(active) ? active : propagation.extract(active, headers, HEADERS)
}

const HEADERS: TextMapGetter<Headers> = {
  get: (headers, name) => headers.get(name) ?? undefined,
  keys: (headers) => [...headers.keys()],
}
