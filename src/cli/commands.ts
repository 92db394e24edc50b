import type { CommandWord } from '../config/command-line.ts'

/** What the program can be told to do: `--help`, the completion and the dispatch follow from it. */
export const COMMANDS = [
  { name: 'serve', help: 'serve the API; the command where none is named', words: [] },
  {
    name: 'doctor',
    help: 'check what usually goes wrong, and say what to do; --online also looks whether the API is reached, --turn asks a model for a word; --json',
    words: ['json', 'online', 'turn'],
  },
  { name: 'status', help: 'say how the running server does; --json', words: ['json'] },
  { name: 'models', help: 'list the models of the login; --json', words: ['json'] },
  {
    name: 'completion',
    help: 'print the completion for a shell: completion bash, zsh or fish',
    words: [],
  },
] as const satisfies readonly Command[]

export type Command = {
  readonly name: string
  readonly help: string
  /** The flags that only this command and some others know. */
  readonly words: readonly CommandWord[]
}

export type CommandName = (typeof COMMANDS)[number]['name']
