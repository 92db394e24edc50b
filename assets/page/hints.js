// What to do about a turn that failed.

const EXTRA_USAGE =
  'The API takes this client for a third-party app, which draws from the extra usage of a plan. ' +
  'Turn extra usage on in the settings of your account, or start the proxy with an API key.'

const BY_TYPE = {
  authentication_error:
    'The login is not accepted. Log in again on this machine (claude, then /login), or check ANTHROPIC_API_KEY.',
  permission_error: 'This login may not do that: look at the access of your account or key.',
  billing_error: 'The account can not be billed: look at its credit and payment method.',
  not_found_error: 'The model is not known to this login: GET /v1/models lists the ones that are.',
  request_too_large: 'The request is too large: send less history or smaller images.',
  rate_limit_error:
    'A limit is reached: wait for the reset that the plan shows, or ask less at once.',
  overloaded_error: 'The API or this proxy is busy: try again in a moment.',
  timeout_error:
    'It took too long: try again, or raise the limit that the message names in the configuration.',
  invalid_request_error: 'The request itself is wrong: the message says where. Ask otherwise.',
  api_error: 'Something between here and the model failed: try again. The log has more.',
}

export function hintFor({ outcome, status, error_type: type, error_message: message }) {
  if (outcome === 'client left') return 'The client closed the connection before the end.'
  if (outcome === 'whole') return ''
  if (/third-party apps|extra usage/i.test(message ?? '')) return EXTRA_USAGE
  return BY_TYPE[type] ?? (status >= 500 ? BY_TYPE.api_error : '')
}
