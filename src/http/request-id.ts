import { randomBytes } from 'node:crypto'

/** An id for a request, in the API's form. */
export function newRequestId(): string {
  return `req_${randomBytes(12).toString('hex')}`
}
