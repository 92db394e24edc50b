import { hostNames, listenHost } from './hosts.ts'
import { keySource } from './keys/key-ring.ts'
import { maxProcessesOf } from './machine.ts'
import { modelAliases } from './model-aliases.ts'
import type { CamelCase } from './names.ts'
import { automatic, fixed, list, optional, secret } from './option.ts'
import type { Option } from './option.ts'
import { origins } from './origins.ts'
import { days, duration, percentage, size } from './quantities.ts'
import {
  anyText,
  boolean,
  choice,
  databaseAddress,
  filePath,
  integer,
  spacelessName,
} from './values.ts'

/**
 * Every setting, under its key in the file. The variable, the flag and the property of `Config` are
 * derived from the key (names.ts); loader, `--help` and docs use this table.
 */
export const SETTINGS = {
  port: fixed(integer(0, 65_535), '42069', 'port to listen on; 0 picks a free one'),
  host: automatic(
    listenHost,
    ({ container, asksForKey }) => (container && asksForKey ? '0.0.0.0' : '127.0.0.1'),
    'address or host name to listen on; auto: 127.0.0.1, and 0.0.0.0 in a container if clients need a key',
  ),
  dangerously_open_to_all: fixed(
    boolean,
    'false',
    'allow listening on a network address without a key: anyone who can reach the port uses your login',
  ),
  log_level: fixed(
    choice('level', ['ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE']),
    'INFO',
    'how much is logged: ERROR, WARN, INFO, DEBUG or TRACE, in any case',
  ),
  model_default: fixed(
    spacelessName,
    'claude-sonnet-4-6',
    'model for requests that do not name one',
  ),
  model_aliases: list(
    modelAliases,
    'other names for models, such as gpt-4o = claude-sonnet-5-5, gpt-* = haiku; * matches any text; empty: none',
  ),
  proxy_api_key: secret(
    optional(
      keySource,
      'key that clients must send; the keys in the file of the option keys are valid as well; empty: none (do not put it on the command line, where other users can read it)',
    ),
  ),
  keys: optional(
    filePath,
    'file with the keys that clients may send, one per line, optionally with a name and limits; the command keys writes it; it is read again when it changes',
  ),
  cors_origins: list(
    origins,
    'web origins whose pages may call, separated by commas (such as https://app.example:8080, https://*.app.example, or an app: vscode, obsidian, raycast, tauri, electron, extensions); *: all; empty: none',
  ),
  allowed_hosts: list(
    hostNames,
    'further names of this machine that clients without a key may use, separated by commas (such as host.docker.internal); empty: only localhost and loopback addresses',
  ),
  system_prompt: optional(anyText, 'system prompt for requests without one'),
  max_thinking_tokens: optional(
    integer(1024),
    'thinking budget for requests without `thinking`, in tokens, 1024 or more',
  ),
  tools_enabled: fixed(
    boolean,
    'false',
    'let Claude Code use its own tools on this machine; needs tools_folder',
  ),
  tools_folder: optional(
    filePath,
    "folder in which Claude Code's own tools may work; needed with tools_enabled",
  ),
  max_body_size: fixed(size, '32mb', "largest request body; 32 MB is the Messages API's own limit"),
  max_processes: automatic(
    integer(1),
    maxProcessesOf,
    'maximum number of runtime processes; auto: set from cores and free memory, up to 32',
  ),
  queue_timeout: fixed(
    duration(0),
    '60s',
    'how long a request waits for a process before it gets a 529',
  ),
  queue_limit: fixed(
    integer(1),
    '1000',
    'maximum number of requests that wait for a process; further ones get a 529 immediately',
  ),
  start_timeout: fixed(
    duration(1),
    '2min',
    'how long the runtime may take for each set-up step before it sends the request',
  ),
  first_event_timeout: fixed(duration(1), '10min', 'how long the first event of a reply may take'),
  next_event_timeout: fixed(
    duration(1),
    '10min',
    'how long a reply that has begun may stay silent; a thinking model can be silent for minutes',
  ),
  ping_interval: fixed(
    duration(1),
    '15s',
    'how long a stream may be silent before a ping event is sent',
  ),
  idle_timeout: fixed(duration(0), '5min', 'how long an idle conversation keeps its process'),
  hold_timeout: fixed(duration(1), '10min', 'how long a process waits for tool results'),
  shutdown_timeout: fixed(
    duration(0),
    '30s',
    'how long requests in flight may take to finish when the server stops',
  ),
  usage_guard: optional(
    percentage,
    'refuse requests once this share of a plan window is used (such as 80%), and never use paid overage; empty: off',
  ),
  batch_concurrency: automatic(
    integer(1),
    (machine) => Math.max(1, Math.floor(maxProcessesOf(machine) / 2)),
    'maximum number of batch requests at a time; auto: half of the automatic max_processes',
  ),
  batch_window_share: fixed(
    percentage,
    '70%',
    'share of a plan window at which batches pause until the window resets; batches never use paid overage',
  ),
  batch_expiry: fixed(
    duration(1),
    '24h',
    'time after which the unfinished requests of a batch expire',
  ),
  batch_retention: fixed(
    days,
    '29d',
    'time after which a batch is deleted from disk, with its requests and results',
  ),
  response_retention: fixed(
    days,
    '30d',
    'with database_url: time after which stored responses and unchanged conversations of the Responses API are deleted',
  ),
  responses_limit: fixed(
    size,
    '1024mb',
    'with database_url: maximum total size of stored responses and conversations; the key that uses most loses its least recently used ones',
  ),
  files_limit: fixed(
    size,
    '1024mb',
    'maximum total size of uploaded files on disk; files are kept until they are deleted or their lifetime ends',
  ),
  database_url: secret(
    optional(
      databaseAddress,
      'PostgreSQL database that several replicas share, such as postgresql://user:password@host/name; empty: batches and files are kept in store.db, stored responses in memory; not for subscriptions',
    ),
  ),
  runtime_reminders: fixed(
    choice('mode', ['auto', 'keep']),
    'auto',
    'whether Claude Code adds its reminders to conversations; auto: not with an API key or a cloud provider; keep: always',
  ),
  state_folder: optional(
    filePath,
    "folder for usage.json (counts of requests and tokens, kept over restarts) and store.db (batches and files); empty: this program's folder for your user (as a library: none)",
  ),
  work_folder: optional(
    filePath,
    "working folder of the runtime; empty: an empty folder whose name tells the model that it is not the client's",
  ),
  claude_path: optional(
    filePath,
    'Claude Code executable to use instead of the one that comes with the Agent SDK',
  ),
} satisfies Record<string, Option<unknown>>

/** The path of the configuration file. It is not a setting, because the file can't name itself. */
export const FILE_OPTION = optional(
  filePath,
  'configuration file; by default ./config.txt, else ./src/config.txt, if there is one',
)

/** All options of the environment and the command line. */
export const OPTIONS = { ...SETTINGS, config: FILE_OPTION }

export type SettingKey = keyof typeof SETTINGS
export type OptionKey = keyof typeof OPTIONS

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[]
export const OPTION_KEYS = Object.keys(OPTIONS) as readonly OptionKey[]

type ValueOf<Entry> = Entry extends Option<infer Value> ? Value : never

/** The type of each setting's value, by the name of its property. */
export type Values = {
  readonly [Key in SettingKey as CamelCase<Key>]: ValueOf<(typeof SETTINGS)[Key]>
}
