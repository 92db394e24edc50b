/** A coding agent that is run against the proxy as people run it. */
export type ClientProgram = {
  name: string
  /** The dialect that it speaks. */
  api: string
  source: Source
  /**
   * Writes the client's settings and says how it is started.
   *
   * @param place its own empty folders, and the address of the proxy
   */
  launch: (place: Place) => Launch
}

export type Source =
  | {
      kind: 'npm'
      package: string
      /** The oldest major version of Node.js that runs it; none for a program of its own. */
      node?: number
      /** An older version, for a registry that lacks a dependency of the newest. */
      fallback?: string
      /** The file to run, below the folder of the installation. */
      file: string
    }
  /** The executable that comes with the Agent SDK. */
  | { kind: 'agent-sdk' }

export type Place = { home: string; work: string; url: string; model: string; task: string }

export type Launch = {
  args: readonly string[]
  /** Variables beside `PATH`, `HOME` and `TMPDIR`. */
  env: Readonly<Record<string, string>>
}

/** A client that was made ready, or why it could not be. */
export type Installed = { version: string; command: readonly string[]; note?: string }

export type Attempt = {
  client: ClientProgram
  version: string
  /** The lanes of its turns, in the order in which they ended. */
  lanes: readonly string[]
  /** `right`, or what went wrong. */
  result: string
  note?: string
}
