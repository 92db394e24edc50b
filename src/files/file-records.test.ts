import { describe } from 'vitest'

import { fileTests } from '../../test/support/file-tests.ts'
import { temporaryStore } from '../../test/support/store.ts'

describe('in the embedded database', () => fileTests(temporaryStore, true))
