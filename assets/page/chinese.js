// The page's texts in Chinese, in the order in which the page shows them. A test finds texts without
// a translation, and translations without a use.

export const CHINESE = {
  // The state, and the key
  'Connecting …': '正在连接…',
  'It works.': '运行正常',
  'Busy: turns wait for a process.': '繁忙：有请求在等待进程',
  'Nobody is logged in.': '未登录',
  'The API refuses the login: log in again.': 'API 拒绝了当前登录，请重新登录',
  "The plan's limit is reached.": '已达到套餐限额',
  "The plan's limit is near.": '即将达到套餐限额',
  'The plan is used up; paid overage is in use.': '套餐已用完，正在使用超额付费',
  'The last turn failed ({error}).': '最近一次请求失败（{error}）',
  '{failed} of the last {turns} turns failed.': '最近 {turns} 次请求中有 {failed} 次失败',
  'A key is required.': '需要密钥',
  'The proxy cannot be reached.': '无法连接代理',
  'The proxy has ended the connection.': '代理已断开连接',
  'The proxy answered {status}.': '代理返回了 {status}。',
  'This proxy requires a key': '此代理需要密钥',
  'The key stays in this tab until you close it.': '密钥只保存在此标签页中，关闭后即清除。',
  'This key is not accepted. Try again.': '密钥无效，请重试。',
  'Open the page': '进入',

  // Units
  '{number} %': '{number}%',
  d: '天',
  h: '小时',
  min: '分钟',
  s: '秒',

  // Login and plan
  'Login and plan': '登录与套餐',
  'claude.ai login': 'claude.ai 登录',
  'subscription token': '订阅令牌',
  'API key': 'API 密钥',
  'Not known yet': '尚不清楚',
  'Nobody is logged in': '未登录',
  'Claude Code has not reported the login yet. The proxy asks again.':
    'Claude Code 尚未报告登录状态，代理会继续询问。',
  'Run "npx --no-install claude-sub-proxy login" in the folder of the proxy, or start it with ANTHROPIC_API_KEY set.':
    '请在代理所在的文件夹中运行“npx --no-install claude-sub-proxy login”，或设置 ANTHROPIC_API_KEY 后重新启动代理。',
  'plan: {name}': '套餐：{name}',
  '5 hours': '5 小时',
  '7 days': '7 天',
  '{window}, {model}': '{window}（{model}）',
  '{window}: {share} used': '{window}：已用 {share}',
  'resets in {duration}': '{duration}后重置',
  'This window is full.': '此时间窗口的额度已用完。',
  'At this rate it will be full at {time}.': '按目前的速度，将于 {time} 用完。',
  'Billed by tokens, without plan windows.': '按 token 计费，没有套餐时间窗口。',
  'The plan windows appear after the first turn.': '第一次请求之后会显示套餐时间窗口。',
  'usage_guard refuses requests once {share} are used.':
    '用量达到 {share} 后，usage_guard 会拒绝请求。',
  'Paid overage is in use.': '正在使用超额付费。',

  // Today
  Today: '今天',
  requests: '请求数',
  failed: '失败',
  'tokens in': '输入 token',
  'tokens out': '输出 token',
  'at API prices': '按 API 价格',
  '{share} of the tokens in came from the cache.': '输入 token 中有 {share} 来自缓存。',
  'Since the start: {requests} requests, {input} tokens in, {output} out.':
    '启动以来：{requests} 次请求，输入 {input} token，输出 {output} token。',

  // Processes. The descriptions have the names that metrics use.
  Processes: '进程',
  asking: '请求中',
  'asking: waits for a reply, or reads it': '请求中（asking）：等待或读取回复',
  opening: '载入中',
  'opening: takes in a conversation': '载入中（opening）：正在载入对话',
  held: '等待工具',
  'held: waits for tool results': '等待工具（held）：等待工具结果',
  idle: '空闲',
  'idle: keeps a conversation': '空闲（idle）：保留着一个对话',
  starting: '启动中',
  '{total} of {limit} · requests: {count} in flight': '{total} / {limit} · {count} 个请求处理中',
  '{total} of {limit} · requests: {count} in flight, {waiting} in line':
    '{total} / {limit} · {count} 个请求处理中，{waiting} 个排队',

  // Batches
  Batches: '批处理',
  '{share} done': '已完成 {share}',
  '{count} of {total} succeeded': '成功 {count} / {total}',
  '{count} did not': '未成功 {count}',
  '{count} in flight': '处理中 {count}',
  '{count} a minute': '每分钟 {count}',
  'done at {time}, in {duration}': '预计 {time} 完成，还需 {duration}',
  'is being canceled': '正在取消',
  'waits: {reason}': '等待：{reason}',
  'waits: {reason}, until {time}': '等待：{reason}，直到 {time}',
  'it is paused': '已暂停',
  'interactive requests go first': '交互式请求优先',
  'its share of the plan window is used': '套餐时间窗口中可用的份额已用完',
  'its key is over a limit': '其密钥已超出限制',
  'its key was removed': '其密钥已被删除',
  'the rate limit was reached': '已达到速率限制',
  'the API is overloaded': 'API 过载',
  'nobody is logged in': '未登录',
  'the account cannot be billed': '账号无法扣费',
  'a failed request will be repeated later': '失败的请求稍后重试',
  'the database or its folder cannot be used': '数据库或其文件夹不可用',
  pause: '暂停',
  'pause {id}': '暂停 {id}',
  resume: '继续',
  'resume {id}': '继续 {id}',
  cancel: '取消',
  'cancel {id}': '取消 {id}',
  'Copy the id {id}': '复制 ID {id}',
  'Batches stay on disk, with their texts, until they are deleted.':
    '批处理及其文本会保存在磁盘上，直到被删除。',

  // Last turns
  'Last turns': '最近的请求',
  'Table of the last turns': '最近的请求的表格',
  'No requests yet. Try one below, or connect a client.':
    '还没有请求。可以在下面试一试，或连接客户端。',
  '{count} of {total} turns match the filter.': '{total} 次请求中有 {count} 次符合筛选条件。',
  'Paused: 1 newer turn.': '已暂停：有 1 次新请求。',
  'Paused: {count} newer turns.': '已暂停：有 {count} 次新请求。',
  Outcome: '结果',
  'all outcomes': '所有结果',
  'not failed': '未失败',
  Model: '模型',
  'all models': '所有模型',
  Lane: '处理方式',
  'all lanes': '所有处理方式',
  Key: '密钥',
  'all keys': '所有密钥',
  outcome: '结果',
  time: '时间',
  total: '总耗时',
  'first event': '首个事件',
  in: '输入',
  cached: '缓存',
  out: '输出',
  model: '模型',
  lane: '处理方式',
  ok: '成功',
  error: '错误',
  'client left': '客户端断开',
  'timed out': '超时',
  message: '错误信息',
  'Copy the message': '复制错误信息',
  'what to do': '解决办法',
  'request id': '请求 ID',
  'Copy the request id': '复制请求 ID',
  'API’s request id': 'API 的请求 ID',
  'Copy the API’s request id': '复制 API 的请求 ID',
  'stop reason': '停止原因',
  key: '密钥',
  'read from the cache': '缓存读取',
  'written to the cache': '缓存写入',
  '{count} tokens': '{count} token',

  // Lanes. The descriptions have the names that logs and metrics use.
  resolve: '工具结果',
  'tool results went to the process that waited for them':
    '工具结果交给了等待它们的进程（resolve）',
  continue: '继续',
  'a process continued its conversation': '进程继续了它的对话（continue）',
  rewind: '回退',
  'a process went back to the last common message': '进程回退到了最后一条相同的消息（rewind）',
  open: '载入',
  'a process got the whole conversation': '进程载入了整个对话（open）',
  run: '自带工具',
  'Claude Code worked with its own tools': 'Claude Code 使用了自带的工具（run）',
  'no process': '无进程',
  'the turn ended before it got a process': '请求在分到进程之前就结束了（none）',

  // Hints for failed turns
  'The API treats this client as a third-party app, which uses the extra usage of your plan. Allow extra usage in the settings of your claude.ai account, or start the proxy with an API key.':
    'API 把此客户端视为第三方应用，需使用套餐的额外用量。请在 claude.ai 账号的设置中允许额外用量，或使用 API 密钥启动代理。',
  'There is no login, or the API does not accept it. Run "npx --no-install claude-sub-proxy login" in the folder of the proxy, or check ANTHROPIC_API_KEY.':
    '尚未登录，或 API 不接受当前登录。请在代理所在的文件夹中运行“npx --no-install claude-sub-proxy login”，或检查 ANTHROPIC_API_KEY。',
  'This login is not allowed to do that. Check the permissions of your account or key.':
    '当前登录无权执行此操作。请检查账号或密钥的权限。',
  'The account cannot be billed. Check its credit and payment method.':
    '账号无法扣费。请检查余额和付款方式。',
  'This login does not have the model. GET /v1/models lists the models it has.':
    '当前登录不能使用该模型。GET /v1/models 会列出可用的模型。',
  'The request is too large. Send less history or smaller images.':
    '请求过大。请减少历史消息，或使用较小的图片。',
  'A limit was reached. Wait until the plan window resets, or send fewer requests at once.':
    '已达到限额。请等待套餐时间窗口重置，或减少并发请求。',
  'The API or this proxy is busy. Try again in a moment.': 'API 或此代理繁忙，请稍后重试。',
  'A time limit was exceeded. Try again, or raise the limit that the message names.':
    '超出时限。请重试，或调高错误信息中提到的时限。',
  'The request is wrong; the message says where. Correct it and send it again.':
    '请求有误，错误信息指出了位置。请修改后重新发送。',
  'A part between this proxy and the model failed. Try again. The log has details.':
    '代理与模型之间的某个环节出错。请重试，详情见日志。',
  'The client closed the connection before the end.': '客户端在结束前断开了连接。',

  // Latency
  Latency: '延迟',
  'By lane, as a table': '按处理方式查看表格',
  'Table of latency by lane': '各处理方式的延迟表格',
  'Latency by lane': '各处理方式的延迟',
  turns: '请求数',
  'first event: half within': '首个事件：50% 以内',
  '95 % within': '95% 以内',
  'end: half within': '结束：50% 以内',
  'No turn had an event; × is the end of a turn that failed.':
    '没有请求收到事件；× 表示失败的请求结束的时间。',
  'Each line is a turn, the latest on the right: from its first event to its end (○); × failed. Half of them began within {half}, all within {all}.':
    '每条线是一次请求，最新的在右侧：从首个事件到结束（○）；× 表示失败。半数请求在 {half} 内开始，全部在 {all} 内开始。',
  'no event': '没有事件',
  'first event {duration}': '首个事件 {duration}',
  '{time} {lane}, {model}: {began}, {total} total, {outcome}':
    '{time} {lane}，{model}：{began}，总耗时 {total}，{outcome}',
  'Time to the first event and to the end of the last {count} turns. The table below has the numbers by lane.':
    '最近 {count} 次请求到首个事件和到结束的时间。各处理方式的数值见下表。',

  // Load
  'Load in the last hour': '最近一小时的负载',
  'requests at a time': '并发请求',
  'waiting for a process': '等待进程',
  'By minute, as a table': '按分钟查看表格',
  'Table of load by minute': '每分钟负载的表格',
  'Load by minute': '每分钟的负载',
  minute: '时间',
  waiting: '等待',
  'longest wait': '最长等待',
  'One request at a time.': '最多 1 个并发请求。',
  'Up to {count} requests at a time.': '最多 {count} 个并发请求。',
  'None had to wait for a process.': '没有请求需要等待进程。',
  'Up to {count} waited for a process, the longest {duration}.':
    '最多 {count} 个请求等待进程，最长等待 {duration}。',
  '{time}: {count} at a time, {waiting} waiting': '{time}：并发 {count}，等待 {waiting}',
  'Requests at a time in each minute of the last hour. The table below has the numbers.':
    '最近一小时每分钟的并发请求数。具体数值见下表。',
  'an hour ago': '一小时前',
  now: '现在',

  // Last 30 days
  'Last 30 days': '最近 30 天',
  'Value of the bars': '柱形表示的数值',
  tokens: 'token 数',
  day: '日期',
  today: '今天',
  '{date}: {count} {what}': '{date}：{what} {count}',
  '{what}, highest {most}': '{what}，最高 {most}',
  '{what} on each of the last {days} days, {most} on the highest. The table below has the numbers.':
    '最近 {days} 天每天的数值（{what}），最高 {most}。具体数值见下表。',
  'By model, the last {days} days': '最近 {days} 天，按模型',
  'Table of usage by model': '各模型用量的表格',
  'By key, the last {days} days': '最近 {days} 天，按密钥',
  'Table of usage by key': '各密钥用量的表格',
  'By day, as a table': '按日期查看表格',
  'By day, the last {days} days': '最近 {days} 天，按日期',
  'Table of usage by day': '每日用量的表格',
  '{amount} at API prices of {date}.': '按 {date} 的 API 价格计算：{amount}。',
  'It is not billed: the plan covers it, except for paid overage.':
    '不另收费：除超额付费外，均由套餐涵盖。',
  'Without a known price: {models}.': '价格未知：{models}。',

  // Try it
  'Try it': '试一试',
  'Max. tokens': '最大 token 数',
  'System prompt': '系统提示词',
  Prompt: '提示词',
  'Say hello in one sentence.': '用一句话打个招呼。',
  Tools: '工具',
  'A JSON array': 'JSON 数组',
  stream: '流式',
  stop: '停止',
  Ask: '发送',
  'This is a real request: it counts against your plan, or is billed.':
    '这是真实的请求：会计入套餐用量，或产生费用。',
  Reply: '回复',
  'The reply appears here.': '回复会显示在这里。',
  'Show the request as': '请求的代码形式',
  'The request as code': '请求的代码',
  'Copy the request': '复制请求',
  'The tools are not valid JSON: {reason}': '工具不是有效的 JSON：{reason}',
  'The tools must be a JSON array.': '工具必须是 JSON 数组。',
  'Waiting for the reply …': '正在等待回复…',
  'Stopped.': '已停止。',
  '[calls {name}]': '[调用 {name}]',
  'first text after {duration}': '首段文本 {duration}',
  '{duration} total': '总耗时 {duration}',
  '{input} tokens in, {output} out': '输入 {input} token，输出 {output} token',

  // Log
  Log: '日志',
  'Follow the log of the proxy': '实时查看代理的日志',
  Level: '级别',
  'all lines': '全部',
  'warnings and errors': '警告和错误',
  'Lines of the log': '日志内容',
  'No lines yet.': '还没有日志。',
  'The connection is lost. The page tries again.': '连接已断开，正在重试。',

  // Connect a client
  'Connect a client': '连接客户端',
  Shell: 'Shell',
  'Other devices, such as a phone, reach this page and the API at:':
    '手机等其他设备可以通过以下地址访问此页面和 API：',
  'Copy the address {address}': '复制地址 {address}',
  "Programs for Anthropic's API": '使用 Anthropic API 的程序',
  "Programs for OpenAI's API": '使用 OpenAI API 的程序',
  "Programs for Ollama's API": '使用 Ollama API 的程序',
  'A token, because it asks you to approve an API key.':
    '作为令牌（token）设置，因为使用 API 密钥时它会先询问您。',
  "(Cursor sends requests from its own servers, so it can't reach localhost.)":
    '（Cursor 从自己的服务器发送请求，因此无法访问 localhost。）',
  'Agents with a settings file: Codex, opencode, pi, Continue':
    '使用配置文件的编程工具：Codex、opencode、pi、Continue',
  '{file}, then start {command}': '写入 {file}，然后启动 {command}',
  'the editor': '编辑器',
  '"{command}" writes the file, also for {others}; "--undo" restores it. Run it in the folder of the proxy.':
    '“{command}”会写入配置文件，也适用于 {others}；“--undo”可以还原。请在代理所在的文件夹中运行。',
  'Add the lines to the file of the client.': '请把这些内容加入客户端的配置文件。',
  'Copy for {name}': '复制（{name}）',
  copy: '复制',
  copied: '已复制',
  'select and copy it': '请选中后复制',

  // The end of the page
  metrics: '指标',
  'usage as JSON': '用量（JSON）',
  'up for {duration}': '已运行 {duration}',
}
