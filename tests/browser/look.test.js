// What is seen, in every state, light and dark: no serious finding of axe-core, no sideways scrolling, and pictures
// to look at in target/browser/.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { entry, launch_browser, Visitor } from './browser.js';
import { Cloud, root } from './cloud.js';

const pictures = path.join(root, 'target/browser');
const DAY = 24 * 3600 * 1000;
const moment = (milliseconds) => new Date(Date.now() + milliseconds).toISOString();

let cloud, browser;
before(async () => {
  cloud = await Cloud.start();
  browser = await launch_browser();
  await mkdir(pictures, { recursive: true });
});
after(async () => {
  await browser?.close();
  await cloud?.stop();
});

/** Answers every entry alike: the looks need no cloud behind them. */
const answered = (status, body, headers) => (page) =>
  page.route('**/entries', (route) =>
    route.fulfill({
      status,
      headers: { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Retry-After', ...headers },
      contentType: 'application/json',
      body: JSON.stringify(body),
    }),
  );
const seen = (view) => (visitor) => visitor.page.waitForSelector(`[data-view=${view}]:not([hidden])`);
const sent = (then) => async (visitor) => {
  await visitor.fill(entry('ada@example.com'));
  await visitor.submit();
  await then(visitor);
};
const in_state = (name) => sent((visitor) => visitor.state(name));

/** How each state comes about. */
const states = {
  form: { reach: (visitor) => visitor.form() },
  filled: { reach: (visitor) => visitor.fill({ ...entry('ada@example.com'), comment: 'On the last train home.' }) },
  errors: {
    reach: async (visitor) => {
      await visitor.fill({ name: 'Ada Lovelace', email: 'ada@', phone: '0151' });
      await visitor.submit();
    },
  },
  loading: {
    prepare: (page) => page.route('**/config.json', () => {}),
    reach: (visitor) => visitor.page.getByText('One moment').waitFor(),
  },
  unreachable: { prepare: (page) => page.route('**/config.json', (route) => route.abort()), reach: (visitor) => visitor.state('unreachable') },
  sending: { prepare: (page) => page.route('**/entries', () => {}), reach: in_state('sending') },
  waiting: { prepare: answered(503, {}, { 'retry-after': '60' }), reach: in_state('waiting') },
  offline: {
    reach: async (visitor) => {
      await visitor.fill(entry('ada@example.com'));
      await visitor.context.setOffline(true);
      await visitor.submit();
      await visitor.state('offline');
    },
  },
  duplicate: { prepare: answered(409, { type: 'urn:campaign:problem:duplicate' }), reach: in_state('409') },
  done: { prepare: answered(201, { receipt: '32DX-EETY-M0W3-5RM5', campaign: 'double11', status: 'created' }), reach: sent(seen('done')) },
  early: { prepare: Visitor.config({ opens: moment(2.4 * DAY) }), reach: seen('early') },
  closed: { prepare: Visitor.config({ opens: moment(-2 * DAY), closes: moment(-DAY) }), reach: seen('closed') },
  terms: { query: 'terms.html', reach: (visitor) => visitor.page.waitForSelector('h1') },
  missing: { query: 'no-such-page', reach: (visitor) => visitor.page.waitForSelector('h1') },
};
/** The states of which a picture of the whole page is of use; of the others the form is enough. */
const whole = ['form', 'terms', 'missing'];

for (const [name, { prepare, reach, query }] of Object.entries(states)) {
  for (const colorScheme of ['light', 'dark']) {
    test(`${name}, ${colorScheme}`, async () => {
      const open = { colorScheme, query, viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' };
      const visitor = await Visitor.open(browser, cloud, {
        ...open,
        prepare: async (page, visitor) => {
          visitor.expects_trouble = true; // the answers are made up, and Chromium logs them
          await prepare?.(page);
        },
      });
      await reach(visitor);
      const picture = (size) => {
        const file = path.join(pictures, `${name}-${size}-${colorScheme}.png`);
        if (whole.includes(name)) return visitor.page.screenshot({ path: file, fullPage: true });
        return visitor.page.locator('#enter').screenshot({ path: file });
      };
      await picture('desktop');
      assert.deepEqual(await visitor.findings(), [], 'desktop');
      await visitor.page.setViewportSize({ width: 390, height: 844 });
      await picture('phone');
      assert.deepEqual(await visitor.findings(), [], 'phone');
      for (const width of [1280, 390, 360, 320]) {
        await visitor.page.setViewportSize({ width, height: 800 });
        assert.equal(await visitor.overflow(), 0, `${width} pixels`);
      }
      if (name === 'form') {
        await visitor.page.setViewportSize({ width: 1280, height: 800 });
        await visitor.page.screenshot({ path: path.join(pictures, `first-desktop-${colorScheme}.png`) });
        await visitor.page.setViewportSize({ width: 390, height: 844 });
        await visitor.page.screenshot({ path: path.join(pictures, `first-phone-${colorScheme}.png`) });
      }
      await visitor.leave();
    });
  }
}

test('with wider spacing of letters, words and lines nothing is cut off, on the narrowest window', async () => {
  const visitor = await Visitor.open(browser, cloud, { viewport: { width: 320, height: 640 } });
  await visitor.form();
  await visitor.submit();
  // WCAG 2.2, success criterion 1.4.12.
  await visitor.page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('* { letter-spacing: .12em !important; word-spacing: .16em !important; line-height: 1.5 !important }');
    document.adoptedStyleSheets.push(sheet);
  });
  assert.equal(await visitor.overflow(), 0);
  await visitor.leave();
});

test('what is to be pressed is large enough, also for a thumb', async () => {
  const visitor = await Visitor.open(browser, cloud, { viewport: { width: 390, height: 844 } });
  await visitor.form();
  const small = await visitor.page.evaluate(() =>
    [...document.querySelectorAll('a.button, nav a, button, input:not([type=hidden], #website), select, textarea, summary')]
      .map((element) => [element, element.getBoundingClientRect()])
      .filter(([, box]) => box.width && Math.min(box.width, box.height) < 24) // WCAG 2.2, success criterion 2.5.8
      .map(([element]) => element.outerHTML.slice(0, 80)),
  );
  assert.deepEqual(small, []);
  await visitor.leave();
});

test('axe-core can find something: a field without its label', async () => {
  const visitor = await Visitor.open(browser, cloud);
  await visitor.form();
  await visitor.page.evaluate(() => document.querySelector('label[for=name]').remove());
  assert.match((await visitor.findings()).join(), /\blabel: <input name="name"/);
  await visitor.leave();
});
