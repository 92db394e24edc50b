import { byId, copyButton, element } from './dom.js'
import { t } from './language.js'

let shown = ''

/** The addresses for other devices, such as a phone. */
export function showNetwork(addresses) {
  const state = addresses.join(' ')
  if (state === shown) return
  shown = state
  byId('network').hidden = addresses.length === 0
  byId('network-list').replaceChildren(
    ...addresses.map((address) =>
      element(
        'li',
        {},
        element('code', {}, address),
        copyButton(t('Copy the address {address}', { address }), () => address),
      ),
    ),
  )
}
