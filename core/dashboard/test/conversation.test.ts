import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestTurns, responseTurns } from '../src/detail/conversation';
import { indented } from '../src/detail/json';

test('a chat is a conversation of text, tools and placeholders', () => {
  const turns = requestTurns({
    tools: [{ type: 'function', function: { name: 'weather' } }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Look' }, { type: 'image_url', image_url: { url: { sha256: 'abcdef0123456789', mime: 'image/png', length: 720 } } }] },
      { role: 'assistant', content: null, tool_calls: [{ function: { name: 'weather', arguments: '{"city":"Oslo"}' } }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
    ],
  });
  assert.deepEqual(turns.map((turn) => turn.role), ['tools', 'user', 'assistant', 'tool']);
  assert.deepEqual(turns[1]?.parts[1], { kind: 'media', label: 'image', note: 'image/png, 720 bytes, SHA-256 abcdef012345…' });
  assert.deepEqual(turns[2]?.parts[0], { kind: 'tool call', name: 'weather', text: '{\n  "city": "Oslo"\n}' });
  assert.deepEqual(turns[3]?.parts[0], { kind: 'tool result', name: 'call_1', text: 'rain' });
});

test('responses and their items are read too', () => {
  const turns = responseTurns({
    output: [
      { type: 'reasoning', summary: [{ text: 'hm' }] },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello' }] },
      { type: 'function_call', name: 'f', arguments: '{"a":' },
      { type: 'web_search_call', id: 'ws_1' },
    ],
  });
  assert.deepEqual(turns.map((turn) => turn.parts[0]?.kind), ['reasoning', 'text', 'tool call', 'other']);
});

test('every choice is shown, and why it ended where that says something', () => {
  const turns = responseTurns({ choices: [
    { message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' },
    { message: { role: 'assistant', refusal: 'no' }, finish_reason: 'length' },
  ] });
  assert.deepEqual(turns.map((turn) => turn.note), ['', 'length']);
  assert.equal(turns[1]?.parts[0]?.kind, 'refusal');
});

test('embeddings and images are told in few words', () => {
  assert.deepEqual(responseTurns({ data: [{ embedding: [1, 2, 3] }] })[0]?.parts, [{ kind: 'text', text: '1 embedding of 3 numbers' }]);
  assert.equal(responseTurns({ data: [{ b64_json: { sha256: 'ab', mime: 'image/png', length: 9 } }] })[0]?.parts[0]?.kind, 'media');
});

test('nothing that anybody writes makes it fail', () => {
  const odd = [null, 0, '', 'text', [], {}, { messages: {} }, { messages: [null, 1, 'a', []] }, { input: [null, { content: 5 }] },
    { messages: [{ role: 5, content: [null, { type: 'image_url' }, { type: 'input_audio', input_audio: null }] }] },
    { tools: [null, {}], messages: [] }, { choices: [null, {}, { message: 7 }] }, { output: [null, 'x', { type: 3 }] }, { error: {} }, { data: [] }];
  for (const body of odd) {
    for (const turns of [requestTurns(body), responseTurns(body)]) {
      for (const { role, note, parts } of turns) {
        assert.equal(typeof role + typeof note, 'stringstring');
        assert.ok(parts.every((part) => 'text' in part ? typeof part.text === 'string' : typeof part.note === 'string'), JSON.stringify(body));
      }
    }
  }
});

test('JSON is indented and says what is there', () => {
  assert.equal(indented('{"request":{"a":[1]},"response":null}', ['request', 'response'])['request'], '{\n  "a": [\n    1\n  ]\n}');
  assert.equal(indented('{}', ['response'])['response'], 'null');
});
