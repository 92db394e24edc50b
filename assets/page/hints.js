// What to do about a turn that failed.

import { t } from './language.js'

const EXTRA_USAGE = t(
  'The API treats this client as a third-party app, which uses the extra usage of your plan. Allow extra usage in the settings of your claude.ai account, or start the proxy with an API key.',
)

const BY_TYPE = {
  authentication_error: t(
    'There is no login, or the API does not accept it. Run "npx --no-install claude-sub-proxy login" in the folder of the proxy, or check ANTHROPIC_API_KEY.',
  ),
  permission_error: t(
    'This login is not allowed to do that. Check the permissions of your account or key.',
  ),
  billing_error: t('The account cannot be billed. Check its credit and payment method.'),
  not_found_error: t('This login does not have the model. GET /v1/models lists the models it has.'),
  request_too_large: t('The request is too large. Send less history or smaller images.'),
  rate_limit_error: t(
    'A limit was reached. Wait until the plan window resets, or send fewer requests at once.',
  ),
  overloaded_error: t('The API or this proxy is busy. Try again in a moment.'),
  timeout_error: t(
    'A time limit was exceeded. Try again, or raise the limit that the message names.',
  ),
  invalid_request_error: t(
    'The request is wrong; the message says where. Correct it and send it again.',
  ),
  api_error: t('A part between this proxy and the model failed. Try again. The log has details.'),
}

export function hintFor({ outcome, status, error_type: type, error_message: message }) {
  if (outcome === 'client left') return t('The client closed the connection before the end.')
  if (outcome === 'whole') return ''
  if (/third-party apps|extra usage/i.test(message ?? '')) return EXTRA_USAGE
  return BY_TYPE[type] ?? (status >= 500 ? BY_TYPE.api_error : '')
}
