import { createHash } from 'node:crypto'

import { limitsOf } from '../api/model-limits.ts'
import type { NamedModel } from '../api/model.ts'

/** The version of Ollama whose API this imitates; clients refuse older ones. */
export const OLLAMA_VERSION = '0.13.0'

/**
 * An entry of `GET /api/tags`. There is no file, so the size is 0, and the digest is that of the
 * name.
 */
export function tagOf({ id }: NamedModel): object {
  return {
    name: id,
    model: id,
    modified_at: new Date(0).toISOString(),
    size: 0,
    digest: createHash('sha256').update(id).digest('hex'),
    details: DETAILS,
  }
}

/**
 * The body of `POST /api/show`.
 *
 * @param fullName the model's full name
 */
export function modelDetails(fullName: string): object {
  const limits = limitsOf(fullName)
  return {
    license: '',
    modelfile: `FROM ${fullName}`,
    parameters: '',
    template: '',
    details: DETAILS,
    model_info: {
      'general.architecture': FAMILY,
      'general.basename': fullName,
      ...(limits && { [`${FAMILY}.context_length`]: limits.contextWindow }),
    },
    capabilities: ['completion', 'tools', 'vision', 'thinking'],
    modified_at: new Date(0).toISOString(),
  }
}

const FAMILY = 'claude'

const DETAILS = {
  parent_model: '',
  format: '',
  family: FAMILY,
  families: [FAMILY],
  parameter_size: '',
  quantization_level: '',
}
