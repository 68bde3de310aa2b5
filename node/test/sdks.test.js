'use strict';
// Other people's SDKs over `gateway.fetch`, with nothing listening anywhere but the upstream.

const assert = require('node:assert/strict');
const { it } = require('node:test');

const OpenAI = require('openai').default;

const { aimock } = require('./support/aimock.js');
const { HELLO, TENANT, onlyTrace, openBoth } = require('./support/open.js');

const BASE_URL = 'http://libgateway/v1';

async function opened(test) {
    const both = await openBoth(test);
    const { secret } = await both.gateway.createApiKey(TENANT);
    const options = { apiKey: secret, baseURL: BASE_URL, fetch: both.gateway.fetch };
    return { ...both, options };
}

it('openai: chat, stream, responses, embeddings, models', async (test) => {
    const { gateway, options } = await opened(test);
    const client = new OpenAI(options);
    const { data, response } = await client.chat.completions.create(HELLO).withResponse();
    assert.match(data.choices[0].message.content, /Hello/);
    assert.equal(response.headers.get('x-gateway-provider'), 'openai');

    let text = '';
    const stream = await client.chat.completions.create({ ...HELLO, stream: true, stream_options: { include_usage: true } });
    let usage;
    for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        usage ??= chunk.usage;
    }
    assert.equal(text, data.choices[0].message.content);
    assert.ok(usage.total_tokens > 0);

    assert.match((await client.responses.create({ model: 'gpt-4o', input: 'Hello' })).output_text, /Hello/);
    const events = [];
    for await (const event of await client.responses.create({ model: 'gpt-4o', input: 'Hello', stream: true })) {
        events.push(event.type);
    }
    assert.deepEqual([events.at(0), events.at(-1)], ['response.created', 'response.completed']);

    const { data: vectors } = await client.embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'] });
    assert.deepEqual(vectors.map(({ embedding }) => embedding.length), [8, 8]);
    const models = [];
    for await (const model of client.models.list()) {
        models.push(model.id);
    }
    assert.equal(models.length, 3);

    await gateway.flush();
    const { traces } = await gateway.listTraces(TENANT);
    const kinds = traces.map(({ endpoint, stream }) => `${endpoint}${stream ? ' streamed' : ''}`).sort();
    assert.deepEqual(kinds, ['chat', 'chat streamed', 'embeddings', 'list_models', 'responses', 'responses streamed']);
});

it('openai: errors are those of the SDK, asked again by one of the two only', async (test) => {
    const { upstream, options } = await opened(test);
    const client = new OpenAI(options);
    const refused = { status: 400, body: { text: '{"error":{"message":"no","type":"invalid_request_error","code":"bad"}}' } };
    await upstream.push([refused]);
    await assert.rejects(client.chat.completions.create(HELLO), (error) => {
        assert.ok(error instanceof OpenAI.BadRequestError);
        assert.deepEqual([error.status, error.code, error.type], [400, 'bad', 'invalid_request_error']);
        return true;
    });
    await upstream.reset();
    await upstream.load({ fallback: { status: 500 } });
    await assert.rejects(client.chat.completions.create(HELLO), OpenAI.InternalServerError);
    assert.equal((await upstream.requests()).length, 3);
    const stranger = new OpenAI({ ...options, apiKey: 'gwk_wrong' });
    await assert.rejects(stranger.chat.completions.create(HELLO), OpenAI.AuthenticationError);
});

it('openai: an abort, and a break, end the call upstream', async (test) => {
    const { upstream, options } = await opened(test);
    const client = new OpenAI(options);
    await upstream.push({ before_headers: 'hang' });
    const controller = new AbortController();
    const call = client.chat.completions.create(HELLO, { signal: controller.signal });
    await upstream.wait({ requests: 1 });
    controller.abort();
    await assert.rejects(call, OpenAI.APIUserAbortError);
    await upstream.wait({ closed: 0 });

    await upstream.push({ body: { stream: ['a', 'b'] }, end: { hang_after: 500 } });
    for await (const _ of await client.chat.completions.create({ ...HELLO, stream: true })) {
        break;
    }
    await upstream.wait({ closed: 1 });
});

it('openai: what other people say an API answers, arrives', async (test) => {
    const { gateway, options } = await opened(test);
    await gateway.setProvider(TENANT, await aimock(test));
    const client = new OpenAI(options);
    const asked = (content) => ({ model: 'gpt-4o', messages: [{ role: 'user', content }] });
    const hello = 'Hello from people we do not know: ünïcode, 日本語 and 👋.';
    assert.equal((await client.chat.completions.create(asked('Hello'))).choices[0].message.content, hello);
    const stream = client.chat.completions.stream(asked('Hello'));
    assert.equal(await stream.finalContent(), hello);
    const [call] = (await client.chat.completions.create(asked('weather'))).choices[0].message.tool_calls;
    assert.deepEqual([call.function.name, JSON.parse(call.function.arguments).city], ['get_weather', 'Kraków']);
    assert.equal((await client.chat.completions.create(asked('busy'))).choices[0].message.content, 'Not any more.');
    const cut = client.chat.completions.stream(asked('Break off'));
    await assert.rejects(cut.finalContent());
});

it("Vercel's AI SDK: text, streams, tools, embeddings", async (test) => {
    const { upstream, options } = await opened(test);
    const { embedMany, generateText, stepCountIs, streamText, tool } = await import('ai');
    const { createOpenAI } = await import('@ai-sdk/openai');
    const { z } = await import('zod');
    const openai = createOpenAI(options);
    for (const model of [openai.chat('gpt-4o'), openai('gpt-4o')]) {
        assert.match((await generateText({ model, prompt: 'Hello' })).text, /Hello/);
        let text = '';
        for await (const part of streamText({ model, prompt: 'Hello' }).textStream) {
            text += part;
        }
        assert.match(text, /mock upstream/);
    }
    const asked = { id: 'call_1', type: 'function', function: { name: 'add', arguments: '{"a":2,"b":3}' } };
    const message = { role: 'assistant', content: null, tool_calls: [asked] };
    const choices = [{ index: 0, message, finish_reason: 'tool_calls' }];
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    await upstream.push([{ body: { json: { id: 'c', object: 'chat.completion', created: 1, model: 'gpt-4o', choices, usage } } }]);
    const sums = [];
    const add = tool({
        inputSchema: z.object({ a: z.number(), b: z.number() }),
        execute: async ({ a, b }) => sums.push(a + b),
    });
    const done = await generateText({ model: openai.chat('gpt-4o'), prompt: '2 + 3', tools: { add }, stopWhen: stepCountIs(2) });
    assert.deepEqual([sums, done.steps.length], [[5], 2]);
    const { embeddings } = await embedMany({ model: openai.textEmbeddingModel('text-embedding-3-small'), values: ['a', 'b'] });
    assert.deepEqual(embeddings.map(({ length }) => length), [8, 8]);
});

it('LangChain.js: an answer and a stream', async (test) => {
    const { gateway, options } = await opened(test);
    const { ChatOpenAI, OpenAIEmbeddings } = await import('@langchain/openai');
    const { apiKey, ...configuration } = options;
    const model = new ChatOpenAI({ model: 'gpt-4o', apiKey, configuration });
    assert.match((await model.invoke('Hello')).content, /Hello/);
    let text = '';
    for await (const part of await model.stream('Hello')) {
        text += part.content;
    }
    assert.match(text, /mock upstream/);
    const embeddings = new OpenAIEmbeddings({ apiKey, configuration });
    assert.equal((await embeddings.embedQuery('a')).length, 8);
    await gateway.flush();
    assert.equal((await gateway.listTraces(TENANT)).traces.length, 3);
});

it('a key of one tenant reaches no other', async (test) => {
    const { gateway, options } = await opened(test);
    await gateway.createTenant('globex', { provider: { kind: 'mock' } });
    const { secret } = await gateway.createApiKey('globex');
    await new OpenAI({ ...options, apiKey: secret }).chat.completions.create(HELLO);
    await new OpenAI(options).chat.completions.create(HELLO);
    assert.equal((await onlyTrace(gateway)).provider, 'openai');
});
