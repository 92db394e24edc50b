// Sends a span for each turn, and metrics, to an OpenTelemetry collector. Install the SDK beside it:
//   npm i @opentelemetry/resources @opentelemetry/sdk-trace-node @opentelemetry/sdk-metrics \
//     @opentelemetry/exporter-trace-otlp-http @opentelemetry/exporter-metrics-otlp-http
// and have Node.js load this file before the proxy:
//   node --import ./telemetry.mjs node_modules/claude-sub-proxy/bin/claude-sub-proxy.js
// OTEL_EXPORTER_OTLP_ENDPOINT says where the collector is; http://localhost:4318 without it.
import { metrics } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'

const resource = resourceFromAttributes({
  'service.name': process.env.OTEL_SERVICE_NAME ?? 'claude-sub-proxy',
})
const spanProcessors = [new BatchSpanProcessor(new OTLPTraceExporter())]
// register() also takes the client's trace from the header traceparent.
new NodeTracerProvider({ resource, spanProcessors }).register()

const reader = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })
metrics.setGlobalMeterProvider(new MeterProvider({ resource, readers: [reader] }))
