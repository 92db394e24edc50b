import { describe } from 'vitest'

import { sharedTests } from '../../test/support/shared-tests.ts'
import { temporaryStore } from '../../test/support/store.ts'

describe('usage and limits in an embedded database', () => sharedTests(temporaryStore))
