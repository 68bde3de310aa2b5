// The dashboard as its readers meet it: in a browser, over a socket, against a gateway with thousands of traces.
// `make test-dashboard` runs it; the topics share one gateway and one browser, and the last one takes its store away.
import { after, before } from 'node:test';
import { startBrowser, startGateway } from './support.mjs';
import { signInTests } from './topics/sign-in.mjs';
import { tracesTests } from './topics/traces.mjs';
import { detailTests } from './topics/detail.mjs';
import { analyticsTests } from './topics/analytics.mjs';
import { operatorTests } from './topics/operator.mjs';
import { demoTests } from './topics/demo.mjs';
import { looksTests } from './topics/looks.mjs';
import { outageTests } from './topics/outage.mjs';

const shared = {};

before(async () => {
  [shared.gateway, shared.browser] = await Promise.all([startGateway(), startBrowser()]);
});

after(async () => {
  await shared.browser?.close();
  await shared.gateway?.stop();
});

for (const tests of [signInTests, tracesTests, detailTests, analyticsTests, operatorTests, demoTests, looksTests, outageTests]) {
  tests(shared);
}
