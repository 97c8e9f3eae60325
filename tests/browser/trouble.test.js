// What goes wrong on the way, on purpose: an entry is neither lost nor stored twice.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { entry, launch_browser, Visitor } from './browser.js';
import { Cloud } from './cloud.js';

let cloud, browser;
before(async () => {
  cloud = await Cloud.start();
  browser = await launch_browser();
});
after(async () => {
  await browser?.close();
  await cloud?.stop();
});

const visit = (options) => Visitor.open(browser, cloud, options);
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Every request of the visitor was the same one; its row is there once. */
async function one_entry(visitor, email) {
  const [first, ...again] = visitor.sent;
  for (const { key, body } of again) assert.deepEqual({ key, body }, { key: first.key, body: first.body });
  const rows = await cloud.rows_of(email);
  assert.deepEqual(rows.map(({ submission }) => submission), [first.key]);
}

test('503 with Retry-After: the page says that it keeps trying, waits as asked, and sends the same again', async () => {
  await cloud.hurt({ busy: { retry_after: 2 } }, { busy: { retry_after: 1 } });
  const visitor = await visit();
  await visitor.fill(entry('busy@example.com'));
  await visitor.submit();
  await visitor.state('waiting');
  assert.match(await visitor.status(), /we keep trying/);
  assert.ok(await visitor.page.getByRole('button', { name: 'Enter the draw' }).isDisabled());
  await visitor.receipt();
  const [first, second, third] = visitor.sent.map(({ at }) => at);
  assert.ok(second - first >= 2000 && third - second >= 1000, `waited ${second - first} and ${third - second} ms`);
  assert.equal(visitor.sent.length, 3);
  await cloud.all_hurt();
  await one_entry(visitor, 'busy@example.com');
  await visitor.leave();
});

test('Retry-After holds over a reload', async () => {
  await cloud.hurt({ busy: { retry_after: 8 } });
  const visitor = await visit();
  await visitor.fill(entry('patient@example.com'));
  await visitor.submit();
  await visitor.state('waiting');
  await visitor.page.reload();
  await visitor.state('waiting');
  assert.equal(await visitor.page.inputValue('#name'), 'Ada Lovelace', 'the answers are back');
  await visitor.receipt();
  const [first, second] = visitor.sent.map(({ at }) => at);
  assert.ok(second - first >= 8000, `waited ${second - first} ms`);
  await one_entry(visitor, 'patient@example.com');
  await visitor.leave();
});

test('lost answers: sent again with the same key, one row, the receipt of the first', async () => {
  const cut = { cut: 'after_commit' };
  await cloud.hurt({ cut: 'before_handling' }, cut, cut, { cut: 'before_commit' });
  const visitor = await visit();
  await visitor.fill(entry('lost@example.com'));
  await visitor.submit();
  assert.match(await visitor.receipt(), /^\w{4}-/);
  assert.ok(visitor.sent.length > 1);
  await cloud.all_hurt();
  await one_entry(visitor, 'lost@example.com');
  await visitor.leave();
});

test('a reload in the middle is still one row', async () => {
  await cloud.hurt({ stall: 6000 });
  const visitor = await visit();
  await visitor.fill(entry('reload@example.com'));
  const on_its_way = visitor.page.waitForRequest((request) => request.method() === 'POST');
  await visitor.submit();
  await visitor.state('sending');
  assert.match(await visitor.status(), /^Sending/);
  await on_its_way;
  await visitor.page.reload();
  await visitor.receipt();
  assert.equal(visitor.sent.length, 2);
  await wait(6000); // the first one is through as well
  await one_entry(visitor, 'reload@example.com');
  await visitor.leave();
});

test('a closed tab loses nothing: the next visit sends the entry', async () => {
  await cloud.hurt({ busy: { retry_after: 6 } });
  const first = await visit();
  await first.fill(entry('later@example.com'));
  await first.submit();
  await first.state('waiting');
  await first.page.close();
  assert.deepEqual(await cloud.rows_of('later@example.com'), []);
  const second = await visit({ context: first.context });
  await second.receipt();
  assert.equal(second.sent[0].key, first.sent[0].key);
  await one_entry(second, 'later@example.com');
  await second.leave();
});

test('offline, then online: sent once', async () => {
  const visitor = await visit();
  await visitor.fill(entry('offline@example.com'));
  await visitor.context.setOffline(true);
  await visitor.submit();
  await visitor.state('offline');
  assert.match(await visitor.status(), /You are offline/);
  await wait(2000);
  await visitor.state('offline');
  assert.deepEqual(await cloud.rows_of('offline@example.com'), []);
  const answered = [];
  visitor.page.on('response', (response) => response.request().method() === 'POST' && answered.push(response.status()));
  await visitor.context.setOffline(false);
  await visitor.receipt();
  assert.deepEqual(answered, [201]);
  await one_entry(visitor, 'offline@example.com');
  await visitor.leave();
});

test('two tabs: what one sends, both show, and it is one row', async () => {
  const first = await visit();
  await first.fill(entry('tabs@example.com'));
  const second = await visit({ context: first.context });
  await second.fill({ name: 'Another' });
  await cloud.hurt({ stall: 3000 }, { stall: 3000 }); // the second tab sends the same entry
  await first.submit();
  await second.state('sending');
  assert.ok(await second.page.getByRole('button', { name: 'Enter the draw' }).isDisabled());
  const receipts = [await first.receipt(), await second.receipt()];
  assert.equal(receipts[0], receipts[1]);
  first.sent.push(...second.sent);
  await one_entry(first, 'tabs@example.com');
  assert.deepEqual(second.complaints, []);
  await first.leave();
});

test('a browser that keeps nothing can enter all the same', async () => {
  await cloud.hurt({ busy: { retry_after: 1 } });
  const visitor = await visit({
    prepare: (page) =>
      page.addInitScript(() =>
        Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } }),
      ),
  });
  await visitor.fill(entry('private@example.com'));
  await visitor.submit();
  await visitor.receipt();
  await one_entry(visitor, 'private@example.com');
  await visitor.leave();
});

test('an answer that is not the campaign’s is none: a portal’s page, an empty 404', async () => {
  const strange = [
    { status: 200, contentType: 'text/html', body: '<h1>Please log in to the hotel</h1>' },
    { status: 200, contentType: 'application/json', body: 'null' },
    { status: 404, body: '' },
    { status: 403, contentType: 'application/json', body: '{}' },
  ];
  const visitor = await visit({
    prepare: (page) =>
      page.route('**/entries', (route) => {
        const answer = route.request().method() === 'POST' && strange.shift();
        return answer ? route.fulfill({ ...answer, headers: { 'access-control-allow-origin': '*' } }) : route.continue();
      }),
  });
  await visitor.fill(entry('portal@example.com'));
  await visitor.submit();
  await visitor.receipt();
  assert.equal(visitor.sent.length, 5);
  await one_entry(visitor, 'portal@example.com');
  await visitor.leave();
});

/** The page with one thing in its script spoiled. */
const spoiled = (right, wrong) => (page) =>
  page.route('**/campaign.js', async (route) => {
    const response = await route.fetch();
    const body = await response.text();
    assert.ok(body.includes(right), `the script has no ${right}`);
    await route.fulfill({ response, body: body.replace(right, wrong) });
  });

test('these tests can fail: a script with a new key for each attempt is caught', async () => {
  await cloud.hurt({ cut: 'after_commit' }, { cut: 'after_commit' }, { cut: 'after_commit' }, { cut: 'after_commit' });
  const visitor = await visit({ prepare: spoiled("'idempotency-key': key", "'idempotency-key': key + attempts") });
  await visitor.fill(entry('caught@example.com'));
  await visitor.submit();
  await visitor.state('409'); // its own earlier effect
  await assert.rejects(one_entry(visitor, 'caught@example.com'));
  await visitor.leave();
});

test('these tests can fail: a script that does not wait as asked is caught', async () => {
  await cloud.hurt({ busy: { retry_after: 5 } });
  const visitor = await visit({ prepare: spoiled('pause + wait()', 'wait()') });
  await visitor.fill(entry('hasty@example.com'));
  await visitor.submit();
  await visitor.receipt();
  assert.ok(visitor.sent[1].at - visitor.sent[0].at < 5000);
  await visitor.leave();
});

test('no config.json: the page says so calmly, keeps trying, and then opens', async () => {
  let down = 3;
  const visitor = await visit({
    prepare: (page, visitor) => {
      visitor.expects_trouble = true;
      return page.route('**/config.json', (route) => {
        down -= 1;
        return down < 0 ? route.continue() : down ? route.abort() : route.fulfill({ status: 502, body: 'bad gateway' });
      });
    },
  });
  await visitor.state('unreachable');
  assert.match(await visitor.status(), /cannot reach the campaign/);
  await visitor.fill(entry('config@example.com'));
  await visitor.submit();
  await visitor.receipt();
  await visitor.leave();
});
