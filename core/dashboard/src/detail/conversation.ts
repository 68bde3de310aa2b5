// A request and its response as turns of a conversation, whichever of OpenAI's shapes they have. Reads what it knows and
// shows the rest as JSON; never fails on what somebody else has written.

export type Part =
  | { kind: 'text' | 'reasoning' | 'refusal'; text: string }
  | { kind: 'media'; label: string; note: string }
  | { kind: 'tool call' | 'tool result'; name: string; text: string }
  | { kind: 'other'; text: string };

export interface Turn {
  role: string;
  /** What else is to be said of it, such as why it ended. */
  note: string;
  parts: Part[];
}

type Json = Record<string, unknown>;

export function requestTurns(request: unknown): Turn[] {
  if (!isObject(request)) return request === null || request === undefined ? [] : [turn('request', [other(request)])];
  const turns: Turn[] = [];
  if (typeof request['instructions'] === 'string') turns.push(turn('instructions', textParts(request['instructions'])));
  if (Array.isArray(request['messages'])) turns.push(...request['messages'].map(messageTurn));
  const { input } = request;
  if (typeof input === 'string') turns.push(turn('user', textParts(input)));
  else if (Array.isArray(input)) turns.push(...inputTurns(input));
  const tools = toolNames(request['tools']);
  if (tools) turns.unshift(turn('tools', textParts(tools)));
  return turns.length > 0 ? turns : [turn('request', [other(request)])];
}

export function responseTurns(response: unknown): Turn[] {
  if (response === null || response === undefined) return [];
  if (typeof response === 'string') return [turn('response', textParts(response))];
  if (!isObject(response)) return [turn('response', [other(response)])];
  if (isObject(response['error'])) return [turn('error', textParts(text(response['error']['message']) ?? compact(response['error'])))];
  const turns: Turn[] = [];
  if (Array.isArray(response['choices'])) turns.push(...response['choices'].map(choiceTurn));
  if (Array.isArray(response['output'])) turns.push(...response['output'].map(itemTurn));
  if (turns.length === 0 && Array.isArray(response['data'])) turns.push(dataTurn(response['data']));
  return turns.length > 0 ? turns : [turn('response', [other(response)])];
}

function choiceTurn(choice: unknown): Turn {
  if (!isObject(choice)) return turn('response', [other(choice)]);
  const message = messageTurn(choice['message']);
  const reason = text(choice['finish_reason']);
  return { ...message, role: message.role || 'assistant', note: reason && reason !== 'stop' ? reason : '' };
}

function messageTurn(message: unknown): Turn {
  if (!isObject(message)) return turn('', [other(message)]);
  const role = text(message['role']) ?? '';
  const parts: Part[] = [];
  const reasoning = text(message['reasoning_content']) ?? text(message['reasoning']);
  if (reasoning) parts.push({ kind: 'reasoning', text: reasoning });
  if (role === 'tool' || role === 'function') {
    const name = text(message['name']) ?? text(message['tool_call_id']) ?? '';
    return turn(role, [{ kind: 'tool result', name, text: text(message['content']) ?? compact(message['content']) }]);
  }
  parts.push(...contentParts(message['content']));
  const refusal = text(message['refusal']);
  if (refusal) parts.push({ kind: 'refusal', text: refusal });
  const calls = Array.isArray(message['tool_calls']) ? message['tool_calls'] : [];
  for (const call of [...calls, message['function_call']]) if (isObject(call)) parts.push(callPart(call));
  if (isObject(message['audio'])) parts.push(media('audio', message['audio']['data']));
  return turn(role, parts, text(message['name']) ?? '');
}

/** The input of a response or of embeddings: items, messages, or strings. */
function inputTurns(input: unknown[]): Turn[] {
  return input.map((item) => (typeof item === 'string' ? turn('input', textParts(item)) : itemTurn(item)));
}

/** An item of a response, in or out. */
function itemTurn(item: unknown): Turn {
  if (!isObject(item)) return turn('', [other(item)]);
  switch (item['type']) {
    case 'function_call':
      return turn('assistant', [callPart(item)]);
    case 'function_call_output':
      return turn('tool', [{ kind: 'tool result', name: text(item['call_id']) ?? '', text: text(item['output']) ?? compact(item['output']) }]);
    case 'reasoning':
      return turn('assistant', [{ kind: 'reasoning', text: joined(item['summary']) || joined(item['content']) || '(hidden)' }]);
    case 'image_generation_call':
      return turn('assistant', [media('image', item['result'])]);
    default:
      return 'role' in item || 'content' in item ? messageTurn(item) : turn(text(item['type']) ?? '', [other(item)]);
  }
}

function dataTurn(data: unknown[]): Turn {
  const first = data[0];
  if (isObject(first) && ('b64_json' in first || 'url' in first)) {
    return turn('response', data.map((one) => media('image', isObject(one) ? one['b64_json'] ?? one['url'] : one)));
  }
  const embedding = isObject(first) ? first['embedding'] : null;
  const size = Array.isArray(embedding) ? ` of ${embedding.length} numbers` : '';
  const name = isObject(first) && 'embedding' in first ? 'embedding' : 'item';
  return turn('response', textParts(`${data.length} ${name}${data.length === 1 ? '' : 's'}${size}`));
}

function contentParts(content: unknown): Part[] {
  if (content === null || content === undefined) return [];
  if (typeof content === 'string') return textParts(content);
  if (!Array.isArray(content)) return [other(content)];
  return content.map((part): Part => {
    if (typeof part === 'string') return { kind: 'text', text: part };
    if (!isObject(part)) return other(part);
    const written = text(part['text']);
    if (written !== null) return { kind: 'text', text: written };
    switch (part['type']) {
      case 'image_url':
        return media('image', isObject(part['image_url']) ? part['image_url']['url'] : part['image_url']);
      case 'input_image':
        return media('image', part['image_url'] ?? part['file_id']);
      case 'input_audio':
        return media('audio', isObject(part['input_audio']) ? part['input_audio']['data'] : null);
      case 'file':
        return media('file', isObject(part['file']) ? part['file']['file_data'] ?? part['file']['file_id'] : null);
      case 'input_file':
        return media('file', part['file_data'] ?? part['file_url'] ?? part['file_id']);
      case 'refusal':
        return { kind: 'refusal', text: text(part['refusal']) ?? '' };
      default:
        return other(part);
    }
  });
}

/** A placeholder: what is said of a payload that was not kept, or where it lies. Nothing is fetched. */
function media(label: string, payload: unknown): Part {
  if (isObject(payload) && typeof payload['sha256'] === 'string') {
    const length = typeof payload['length'] === 'number' ? `${payload['length'].toLocaleString()} bytes` : '';
    return { kind: 'media', label, note: [payload['mime'], length, `SHA-256 ${payload['sha256'].slice(0, 12)}…`].filter(Boolean).join(', ') };
  }
  const address = text(payload) ?? '';
  return { kind: 'media', label, note: address.startsWith('data:') ? 'in the request itself' : address };
}

function callPart(call: Json): Part {
  const body = isObject(call['function']) ? call['function'] : call;
  return { kind: 'tool call', name: text(body['name']) ?? '', text: pretty(body['arguments'] ?? body['input']) };
}

function toolNames(tools: unknown): string | null {
  if (!Array.isArray(tools) || tools.length === 0) return null;
  const names = tools.map((tool) => {
    if (!isObject(tool)) return '?';
    return (isObject(tool['function']) ? text(tool['function']['name']) : null) ?? text(tool['name']) ?? text(tool['type']) ?? '?';
  });
  return names.join(', ');
}

/** Arguments are JSON in a string, as the model wrote it; not always whole. */
function pretty(value: unknown): string {
  if (typeof value !== 'string') return compact(value);
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}

function joined(parts: unknown): string {
  return Array.isArray(parts) ? parts.map((part) => (isObject(part) ? text(part['text']) ?? '' : '')).join('\n') : '';
}

function turn(role: string, parts: Part[], note = ''): Turn {
  return { role, note, parts };
}

function textParts(value: string): Part[] {
  return value === '' ? [] : [{ kind: 'text', text: value }];
}

function other(value: unknown): Part {
  return { kind: 'other', text: compact(value) };
}

function compact(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? '';
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
