// What to do about a turn that failed.

const EXTRA_USAGE =
  'The API treats this client as a third-party app, which uses the extra usage of your plan. ' +
  'Allow extra usage in the settings of your claude.ai account, or start the proxy with an API key.'

const BY_TYPE = {
  authentication_error:
    'There is no login, or the API does not accept it. Run "npx --no-install claude-sub-proxy login" in the folder of the proxy, or check ANTHROPIC_API_KEY.',
  permission_error:
    'This login is not allowed to do that. Check the permissions of your account or key.',
  billing_error: 'The account cannot be billed. Check its credit and payment method.',
  not_found_error: 'This login does not have the model. GET /v1/models lists the models it has.',
  request_too_large: 'The request is too large. Send less history or smaller images.',
  rate_limit_error:
    'A limit was reached. Wait until the plan window resets, or send fewer requests at once.',
  overloaded_error: 'The API or this proxy is busy. Try again in a moment.',
  timeout_error: 'A time limit was exceeded. Try again, or raise the limit that the message names.',
  invalid_request_error:
    'The request is wrong; the message says where. Correct it and send it again.',
  api_error: 'A part between this proxy and the model failed. Try again. The log has details.',
}

export function hintFor({ outcome, status, error_type: type, error_message: message }) {
  if (outcome === 'client left') return 'The client closed the connection before the end.'
  if (outcome === 'whole') return ''
  if (/third-party apps|extra usage/i.test(message ?? '')) return EXTRA_USAGE
  return BY_TYPE[type] ?? (status >= 500 ? BY_TYPE.api_error : '')
}
