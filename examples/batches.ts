import Anthropic from '@anthropic-ai/sdk'

const client = new Anthropic({
  baseURL: process.env['ANTHROPIC_BASE_URL'] ?? 'http://localhost:42069',
  apiKey: process.env['ANTHROPIC_API_KEY'] ?? 'unused',
})

const reviews = ['The soup was cold.', 'A wonderful evening!']
const { id } = await client.messages.batches.create({
  requests: reviews.map((review, index) => ({
    custom_id: `review-${index}`,
    params: {
      model: 'claude-sonnet-4-6',
      max_tokens: 100,
      messages: [{ role: 'user', content: `Is this review good or bad? ${review}` }],
    },
  })),
})

let batch = await client.messages.batches.retrieve(id)
while (batch.processing_status !== 'ended') {
  await new Promise((resolve) => setTimeout(resolve, 1000))
  batch = await client.messages.batches.retrieve(id)
}
console.log(batch.request_counts.succeeded, 'of', reviews.length)

for await (const line of await client.messages.batches.results(id)) {
  const { result } = line
  const [block] = result.type === 'succeeded' ? result.message.content : []
  console.log(line.custom_id, block?.type === 'text' ? block.text : result.type)
}

// Until then, the conversation is on the proxy's disk.
await client.messages.batches.delete(id)
