'use strict';
// Calls of every kind, and what of memory they leave behind: the growth over the second half is printed as JSON.
//
//     node --expose-gc bench/soak.js UPSTREAM [CALLS]

const { TENANT, question, setup } = require('./setup.js');

const AT_ONCE = 16;

async function main(program, calls = 200_000) {
    const { gateway, secret, end } = await setup(program);
    const [chat, stream] = [question(false), question(true)];
    const headers = { authorization: `Bearer ${secret}` };
    const kinds = [
        () => gateway.chat(TENANT, chat),
        () => gateway.chat(TENANT, JSON.stringify(chat), { signal: new AbortController().signal, user_id: 'u' }),
        async () => (await gateway.fetch('/v1/chat/completions', { method: 'POST', headers, body: JSON.stringify(chat) })).json(),
        () => gateway.chat('nobody', chat).catch(() => {}),
        async (number) => {
            // Streams cost more than all others together; some are left early.
            for await (const _ of number % 64 < 16 ? gateway.chatStream(TENANT, stream) : []) {
                if (number % 32 < 8) {
                    break;
                }
            }
        },
    ];
    let asked = 0;
    const caller = async (until) => {
        while (asked < until) {
            asked += 1;
            await kinds[asked % kinds.length](asked);
        }
    };
    const rss = [];
    for (const part of [0.5, 0.75, 1]) {
        await Promise.all(Array.from({ length: AT_ONCE }, () => caller(calls * part)));
        await gateway.flush(60_000);
        await settled();
        rss.push(process.memoryUsage().rss);
    }
    await end();
    const megabytes = rss.map((bytes) => Number((bytes / 1e6).toFixed(1)));
    const grown = Number((megabytes[2] - megabytes[0]).toFixed(1));
    console.log(JSON.stringify({ calls, megabytes, grown_in_second_half: grown }));
}

/** Collects what can be: finalizers run in between, and free more. */
async function settled() {
    for (let round = 0; round < 5; round += 1) {
        globalThis.gc();
        await new Promise(setImmediate);
    }
}

main(process.argv[2], process.argv[3] && Number(process.argv[3]));
