// Not run: compiled as an ES module, and under its other name as CommonJS, as a host's own code would be.
import { Gateway, GatewayError, setLog, version, type Config, type ReplyStream, type Trace } from 'libgateway';
import { createServer } from 'node:http';
import OpenAI from 'openai';

const config: Config = { store: 'sqlite::memory:', providers: [{ kind: 'openai', api_key: 'sk-test', fallbacks: ['groq', { provider: 'azure' }] }] };
// @ts-expect-error: unknown keys are refused
const wrong: Config = { stroe: 'sqlite::memory:' };

export async function use(signal: AbortSignal): Promise<string> {
    await using gateway = await Gateway.open(config);
    setLog(({ level, module, message }) => console.error(level, module, message), { level: 'info' });
    const tenant = await gateway.createTenant('acme', { capture: 'metadata', provider: { kind: 'mock' } });
    const reply = await gateway.chat(tenant.id, { model: 'm', messages: [] }, { signal, user_id: 'u' });
    const finish: string | null = reply.body.choices[0].finish_reason;
    const typed = await gateway.chat<OpenAI.ChatCompletion>('acme', '{"model":"m","messages":[]}');
    const content: string | null = typed.body.choices[0]!.message.content;

    const stream: ReplyStream<OpenAI.ChatCompletionChunk> = gateway.chatStream('acme', { model: 'm', messages: [] });
    for await (const chunk of stream) {
        console.log(chunk.choices[0]?.delta.content, (await stream.head()).traceId);
    }
    const response = new Response(gateway.responsesStream('acme', Buffer.from('{}')).toReadableStream());

    const provider = await gateway.getProviderForTenant('acme');
    if (provider.capabilities.embeddings && provider.base_url !== undefined) {
        await provider.embeddings({ model: 'm', input: ['a'] });
    }
    const traces: Trace[] = [];
    for await (const trace of gateway.traces('acme', { status_class: 'ok', metadata: { team: 'red' } })) {
        traces.push(trace);
    }
    const { summary, timeseries } = await gateway.analytics('acme', { window_hours: 24, bucket_minutes: 60 });
    // @ts-expect-error: no such filter
    await gateway.listTraces('acme', { status: 'ok' });

    const { secret } = await gateway.createApiKey('acme', { scopes: ['infer', 'read'] });
    const client = new OpenAI({ apiKey: secret, baseURL: 'http://libgateway/v1', fetch: gateway.fetch });
    await client.chat.completions.create({ model: 'm', messages: [] });
    createServer(gateway.nodeHandler({ prefix: '/llm' }));
    const server = await gateway.serve({ address: '127.0.0.1:0' });
    await server.unref().close();

    try {
        await gateway.flush(5_000);
    } catch (error) {
        if (error instanceof GatewayError && error.code === 'store_unavailable') {
            return `${error.retryAfterMs} ${error.status} ${error.number}`;
        }
        throw error;
    }
    return [version, finish, content, response.status, summary.cost_usd, timeseries[0]?.start].join(' ');
}
