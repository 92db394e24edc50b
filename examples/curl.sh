#!/bin/sh
# A whole reply, and a streamed one.
set -e
base=${ANTHROPIC_BASE_URL:-http://localhost:42069}
key=${ANTHROPIC_API_KEY:-unused}

curl -sS "$base/v1/messages" \
  -H 'content-type: application/json' -H "x-api-key: $key" \
  -d '{"model":"claude-sonnet-4-6","max_tokens":1000,"messages":[{"role":"user","content":"Say hello."}]}'
echo

curl -sSN "$base/v1/messages" \
  -H 'content-type: application/json' -H "x-api-key: $key" \
  -d '{"model":"claude-sonnet-4-6","max_tokens":1000,"stream":true,"messages":[{"role":"user","content":"Say hello."}]}'
