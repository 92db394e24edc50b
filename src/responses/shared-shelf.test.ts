import { describe } from 'vitest'

import { sharedShelfTests } from '../../test/support/shared-shelf-tests.ts'
import { temporaryStore } from '../../test/support/store.ts'

describe('in an embedded database', () => sharedShelfTests(temporaryStore, false))
