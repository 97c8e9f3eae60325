// Before the opening, after the closing, and clocks that are wrong.

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
const SECOND = 1000, HOUR = 3600 * SECOND, DAY = 24 * HOUR;
/** A moment from now. */
const moment = (milliseconds) => new Date(Date.now() + milliseconds).toISOString();
/** Answers the first entry like the function, then lets the others through. */
const refuse_first = (problem, opens_in) => async (page) => {
  let first = true;
  await page.route('**/entries', (route) => {
    if (!first || route.request().method() !== 'POST') return route.continue();
    first = false;
    return route.fulfill({
      status: problem.status,
      headers: { 'content-type': 'application/problem+json', 'access-control-allow-origin': '*' },
      body: JSON.stringify({ ...problem, ...(opens_in && { opens: moment(opens_in) }) }),
    });
  });
};

const clock = (visitor) =>
  visitor.page.locator('[data-seconds]').evaluateAll((boxes) => boxes.map((box) => Number(box.textContent)));

test('before the opening there is a countdown, and at its end the form', async () => {
  const visitor = await visit({ prepare: Visitor.config(() => ({ opens: moment(6 * SECOND) })) });
  await visitor.page.waitForSelector('[data-view=early]:not([hidden])');
  const [days, hours, minutes, seconds] = await clock(visitor);
  assert.deepEqual([days, hours, minutes], [0, 0, 0]);
  assert.ok(seconds <= 6, `${seconds}`);
  await visitor.form();
  assert.equal(await visitor.view(), 'open');
  await visitor.fill(entry('early@example.com'));
  await visitor.submit();
  await visitor.receipt();
  await visitor.leave();
});

test('the countdown has days, hours, minutes and seconds, and goes by the server’s clock', async () => {
  const opens = moment(2 * DAY + 3 * HOUR + 4 * 60 * SECOND + 30 * SECOND);
  const visitor = await visit({
    prepare: async (page) => {
      // A laptop whose clock is a week ahead.
      await page.addInitScript(`{ const own = Date.now; Date.now = () => own() + ${7 * DAY}; }`);
      await Visitor.config({ opens })(page);
    },
  });
  await visitor.page.waitForSelector('[data-view=early]:not([hidden])');
  const [days, hours, minutes, seconds] = await clock(visitor);
  assert.deepEqual([days, hours, minutes], [2, 3, 4]);
  assert.ok(seconds <= 31, `${seconds}`);
  await visitor.page.waitForFunction((was) => document.querySelector('[data-seconds="1"]').textContent !== was, String(seconds));
  await visitor.leave();
});

test('an answer from a cache is as old as it says', async () => {
  const visitor = await visit({
    prepare: (page) =>
      page.route('**/config.json', async (route) => {
        const response = await route.fetch();
        const date = new Date(Date.now() - HOUR).toUTCString();
        const json = { ...(await response.json()), opens: moment(30 * 60 * SECOND) };
        await route.fulfill({ response, headers: { ...response.headers(), date, age: '3600' }, json });
      }),
  });
  await visitor.page.waitForSelector('[data-view=early]:not([hidden])');
  const [, , minutes] = await clock(visitor);
  assert.ok(minutes === 29 || minutes === 30, `${minutes}`);
  await visitor.leave();
});

test('after the closing the page says so, and there is no form', async () => {
  const visitor = await visit({ prepare: Visitor.config({ opens: moment(-2 * DAY), closes: moment(-DAY) }) });
  await visitor.page.waitForSelector('[data-view=closed]:not([hidden])');
  assert.ok(await visitor.page.getByRole('heading', { name: 'Entries are closed' }).isVisible());
  assert.ok(await visitor.page.locator('form').isHidden());
  await visitor.leave();
});

test('an entry that comes too late is told so', async () => {
  const closed = { type: 'urn:campaign:problem:closed', title: 'The campaign is over', status: 410, closes: moment(-1) };
  const visitor = await visit({ prepare: refuse_first(closed) });
  await visitor.fill(entry('late@example.com'));
  await visitor.submit();
  await visitor.page.waitForSelector('[data-view=closed]:not([hidden])');
  assert.equal(await visitor.focused(), 'Entries are closed');
  assert.doesNotMatch(await visitor.page.evaluate(() => JSON.stringify(localStorage)), /late@/);
  await visitor.leave();
});

test('an entry that comes too early waits for the opening and is then sent', async () => {
  const early = { type: 'urn:campaign:problem:early', title: 'not yet', status: 425 };
  const visitor = await visit({ prepare: refuse_first(early, 6 * SECOND) });
  await visitor.fill(entry('eager@example.com'));
  await visitor.submit();
  await visitor.page.waitForSelector('[data-view=early]:not([hidden])');
  await visitor.receipt();
  assert.equal(visitor.sent.length, 2);
  assert.equal(visitor.sent[0].key, visitor.sent[1].key);
  assert.equal((await cloud.rows_of('eager@example.com')).length, 1);
  await visitor.leave();
});

test('an erased person is told so', async () => {
  const erased = { type: 'urn:campaign:problem:erased', title: 'The entry was erased', status: 410 };
  const visitor = await visit({ prepare: refuse_first(erased) });
  await visitor.fill(entry('erased@example.com'));
  await visitor.submit();
  await visitor.state('410');
  assert.match(await visitor.status(), /was removed/);
  await visitor.leave();
});

test('new terms since the page was made are pointed out before anything is sent', async () => {
  const visitor = await visit({ prepare: Visitor.config({ terms: 'tc-2027-01-01' }) });
  await visitor.form();
  assert.match(await visitor.error('terms'), /terms have changed/);
  await visitor.leave();
});
