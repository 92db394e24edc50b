import { t } from './language.js'

const OUTCOMES = {
  whole: t('ok'),
  error: t('error'),
  'client left': t('client left'),
  'timed out': t('timed out'),
}

/** The name of a turn's outcome. */
export function outcomeName(outcome) {
  return OUTCOMES[outcome] ?? outcome
}

export function isFailed({ outcome }) {
  return outcome === 'error' || outcome === 'timed out'
}
