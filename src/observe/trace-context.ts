import { context, type Context, propagation, type TextMapGetter, trace } from '@opentelemetry/api'

/** The parent of a turn's span. */
export type TraceContext = Context

/**
 * The trace of a request. An active span takes precedence: a server's or a caller's instrumentation
 * has read the headers already. Otherwise the request's own headers decide, such as `traceparent`.
 * Without an OpenTelemetry SDK there is no trace, and this costs nothing.
 */
export function traceContextOf(headers: Headers): TraceContext {
  const active = context.active()
  return trace.getSpan(active) ? active : propagation.extract(active, headers, HEADERS)
}

const HEADERS: TextMapGetter<Headers> = {
  get: (headers, name) => headers.get(name) ?? undefined,
  keys: (headers) => [...headers.keys()],
}
