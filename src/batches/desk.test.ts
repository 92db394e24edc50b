import { describe } from 'vitest'

import { deskTests } from '../../test/support/desk-tests.ts'
import { temporaryStore } from '../../test/support/store.ts'

describe('in the embedded database', () => deskTests(temporaryStore, true))
