import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

type Value = { stringValue?: string; intValue?: number; doubleValue?: number }
type Attribute = { key: string; value: Value }
type WireSpan = {
  traceId: string
  parentSpanId?: string
  name: string
  attributes: Attribute[]
}

/** A received span, with its text and number attributes. */
export type CollectedSpan = Omit<WireSpan, 'attributes'> & {
  attributes: Record<string, string | number | undefined>
}

export type Collector = {
  url: string
  readonly spans: readonly CollectedSpan[]
  readonly metricNames: ReadonlySet<string>
  /** Everything received. */
  readonly text: string
  close: () => Promise<void>
}

/** A collector of OpenTelemetry on 127.0.0.1, which takes OTLP as JSON. */
export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = []
  const metricNames = new Set<string>()
  let all = ''
  const take = async (request: IncomingMessage): Promise<void> => {
    const body = await text(request)
    all += body
    const { resourceSpans = [], resourceMetrics = [] } = JSON.parse(body) as {
      resourceSpans?: { scopeSpans: { spans: WireSpan[] }[] }[]
      resourceMetrics?: { scopeMetrics: { metrics: { name: string }[] }[] }[]
    }
    spans.push(...resourceSpans.flatMap((one) => one.scopeSpans).flatMap(spansOf))
    for (const { metrics } of resourceMetrics.flatMap((one) => one.scopeMetrics)) {
      for (const { name } of metrics) metricNames.add(name)
    }
  }
  const server = createServer((request, response) => {
    const answer = (): unknown => response.setHeader('content-type', 'application/json').end('{}')
    void take(request).then(answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    metricNames,
    get text() {
      return all
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => void server.close(resolve))
    },
  }
}

function spansOf({ spans }: { spans: WireSpan[] }): CollectedSpan[] {
  return spans.map(({ attributes, ...span }) => ({
    ...span,
    attributes: Object.fromEntries(
      attributes.map(({ key, value }) => [
        key,
        value.stringValue ?? value.intValue ?? value.doubleValue,
      ]),
    ),
  }))
}
