import { listenHost } from './hosts.ts'
import { keySource } from './key-ring.ts'
import { maxProcessesOf } from './machine.ts'
import { modelAliases } from './model-aliases.ts'
import type { CamelCase } from './names.ts'
import { automatic, fixed, list, optional, secret } from './option.ts'
import type { Option } from './option.ts'
import { origins } from './origins.ts'
import { days, duration, percentage, size } from './quantities.ts'
import { anyText, boolean, choice, filePath, integer, spacelessName } from './values.ts'

/**
 * Every setting, under its key in the file. The environment's name, the flag and the property of
 * `Config` follow from the key (names.ts); loader, `--help` and docs follow from this table.
 */
export const SETTINGS = {
  port: fixed(integer(0, 65_535), '42069', 'port to listen on; 0 picks a free one'),
  host: automatic(
    listenHost,
    (machine) => (machine.container ? '0.0.0.0' : '127.0.0.1'),
    'address or host name to listen on; auto is 127.0.0.1, in a container 0.0.0.0',
  ),
  log_level: fixed(
    choice('level', ['ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE']),
    'INFO',
    'how much is logged: ERROR, WARN, INFO, DEBUG or TRACE, in any case',
  ),
  model_default: fixed(spacelessName, 'claude-sonnet-4-6', 'model of a request that names none'),
  model_aliases: list(
    modelAliases,
    'other names for models, such as gpt-4o = claude-sonnet-5-5, gpt-* = haiku; * matches any text; empty has none',
  ),
  proxy_api_key: secret(
    optional(
      keySource,
      'key that clients must send; empty asks for none (better not on the command line, where others can read it)',
    ),
  ),
  proxy_api_key_file: optional(
    filePath,
    'file with the keys that clients may send, one a line; read again when it changes, so that a key can be replaced without a restart',
  ),
  cors_origins: list(
    origins,
    'web origins whose pages may call, separated by commas, such as https://app.example:8080; * allows all; empty allows none',
  ),
  system_prompt: optional(
    anyText,
    "system prompt of a request that has none; the request's own comes first",
  ),
  max_thinking_tokens: optional(
    integer(1024),
    "thinking budget of a request that says nothing about thinking, 1024 or more; the request's own comes first",
  ),
  tools_enabled: fixed(
    boolean,
    'false',
    "let Claude Code's own tools work on this machine; needs tools_folder",
  ),
  tools_folder: optional(
    filePath,
    "folder in which Claude Code's own tools may work; needed with tools_enabled",
  ),
  max_body_size: fixed(size, '32mb', "largest request body; 32 MB is the Messages API's own limit"),
  max_processes: automatic(
    integer(1),
    maxProcessesOf,
    'most runtime processes at a time; auto follows from cores and free memory, up to 32',
  ),
  queue_timeout: fixed(
    duration(0),
    '60s',
    'how long a request waits for a process before it is turned away',
  ),
  queue_limit: fixed(
    integer(1),
    '1000',
    'most requests that wait for a process; one more is turned away at once',
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
    'how long a reply that began may be silent; a model that thinks can be for minutes',
  ),
  ping_interval: fixed(duration(1), '15s', 'silence on a stream after which a ping event is sent'),
  idle_timeout: fixed(duration(0), '5min', 'how long an idle conversation keeps its process'),
  hold_timeout: fixed(duration(1), '10min', 'how long a process waits for tool results'),
  shutdown_timeout: fixed(
    duration(0),
    '30s',
    'how long requests in flight may take to finish at stop',
  ),
  usage_guard: optional(
    percentage,
    "share of a window of the subscription's plan, such as 80%, from which on requests are refused, as is overage; empty refuses none",
  ),
  batch_concurrency: automatic(
    integer(1),
    (machine) => Math.max(1, Math.floor(maxProcessesOf(machine) / 2)),
    'most requests of batches at a time; auto is half of what max_processes would be by itself',
  ),
  batch_window_share: fixed(
    percentage,
    '70%',
    "share of each window of the subscription's plan at which batches wait until it begins anew; they never use paid overage",
  ),
  batch_expiry: fixed(
    duration(1),
    '24h',
    'time after which what is not finished of a batch expires',
  ),
  batch_retention: fixed(
    days,
    '29d',
    'time after which a batch is deleted from the disk, with its requests and results',
  ),
  state_folder: optional(
    filePath,
    "folder of usage.json, which keeps counts of requests and tokens over a restart, and of store.db, which keeps batches; empty is this program's folder for your user (a library then keeps none)",
  ),
  work_folder: optional(
    filePath,
    'working folder of the runtime; empty is a private temporary one without files',
  ),
  claude_path: optional(
    filePath,
    'Claude Code executable to use in place of the one that comes with the Agent SDK',
  ),
} satisfies Record<string, Option<unknown>>

/** Where the file is: not a setting, for a file can't say it. */
export const FILE_OPTION = optional(
  filePath,
  'configuration file; by default ./config.txt, else ./src/config.txt, where there is one',
)

/** Everything that the environment and the command line can give. */
export const OPTIONS = { ...SETTINGS, config: FILE_OPTION }

export type SettingKey = keyof typeof SETTINGS
export type OptionKey = keyof typeof OPTIONS

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[]
export const OPTION_KEYS = Object.keys(OPTIONS) as readonly OptionKey[]

type ValueOf<Entry> = Entry extends Option<infer Value> ? Value : never

/**
 * What the program runs with: times in milliseconds, sizes in bytes, what is empty by default
 * undefined (or an empty list), `auto` replaced by what it stands for.
 */
export type Config = {
  readonly [Key in SettingKey as CamelCase<Key>]: ValueOf<(typeof SETTINGS)[Key]>
}
