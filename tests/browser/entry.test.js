// Entering, through the CDN, the gateway, the function and the table: what a person meets.

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

test('a valid entry becomes a row, and its receipt is still there after a reload', async () => {
  const visitor = await visit({ query: '?utm_source=tv&utm_campaign=spot&gclid=1' });
  await visitor.fill({ ...entry('ada@example.com'), comment: 'On Königstraße, at 8 o’clock\nin the 雨' });
  await visitor.submit();
  const receipt = await visitor.receipt();
  assert.match(receipt, /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/);
  assert.equal(await visitor.focused(), 'You are in. Good luck!');

  const [row, ...more] = await cloud.rows_of('ada@example.com');
  assert.deepEqual(more, []);
  assert.equal(row.submission, visitor.sent[0].key);
  assert.deepEqual(row.fields, {
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    phone: '+442079460958',
    country: 'GB',
    born: '1990-12-10',
    size: 'M',
    comment: 'On Königstraße, at 8 o’clock\nin the 雨',
    terms: 'tc-2026-11-01',
    utm_source: 'tv',
    utm_campaign: 'spot',
  });

  await visitor.page.reload();
  assert.equal(await visitor.receipt(), receipt);
  assert.equal(visitor.sent.length, 1);
  const stored = await visitor.page.evaluate(() => JSON.stringify(localStorage));
  assert.doesNotMatch(stored, /ada|Lovelace/i, 'nothing of the person stays on the device');

  await visitor.page.getByRole('button', { name: 'Enter somebody else' }).click();
  await visitor.form();
  assert.equal(await visitor.page.inputValue('#email'), '');
  await visitor.leave();
});

test('an empty form is not sent: every missing answer is named beside its field, and the first has the focus', async () => {
  const visitor = await visit();
  await visitor.form();
  await visitor.submit();
  assert.equal(await visitor.focused(), 'name');
  for (const name of ['name', 'email', 'country', 'born', 'size', 'terms']) {
    assert.match(await visitor.error(name), /^Please /, name);
    const described = visitor.page.locator(`[aria-describedby~="error-${name}"]`);
    assert.equal(await described.getAttribute('aria-invalid'), 'true', name);
    const gap = await described.evaluate((control, id) => {
      const [field, error] = [control, document.getElementById(id)].map((element) => element.getBoundingClientRect());
      return { down: error.top - field.bottom, left: error.left - field.left };
    }, `error-${name}`);
    assert.ok(gap.down > -40 && gap.down < 80 && Math.abs(gap.left) < 5, `${name}: the error is not beside its field`);
  }
  for (const name of ['phone', 'comment']) assert.equal(await visitor.error(name), '');
  assert.match(await visitor.status(), /look at your answers once more/);
  assert.equal(visitor.sent.length, 0);

  await visitor.fill({ ...entry('first@example.com'), email: 'first@', phone: '0151 123', born: '2010-01-01' });
  await visitor.submit();
  assert.equal(await visitor.focused(), 'email');
  assert.equal(await visitor.error('name'), '');
  assert.match(await visitor.error('email'), /such as name@example.com/);
  assert.match(await visitor.error('phone'), /begin with \+/);
  assert.match(await visitor.error('born'), /11 November 2008/);
  assert.equal(visitor.sent.length, 0);
  await visitor.leave();
});

test('what only the server finds wrong is shown beside the field, and a mended entry has a new key', async () => {
  const visitor = await visit();
  await visitor.fill({ ...entry('server@example.com'), name: 'x'.repeat(81), comment: 'y'.repeat(501) });
  await visitor.submit();
  await visitor.state('422');
  assert.equal(await visitor.focused(), 'name');
  assert.equal(await visitor.error('name'), 'Please shorten your name to 80 characters.');
  assert.equal(await visitor.error('comment'), 'Please shorten this to 500 characters.');
  await visitor.fill({ name: ' ', comment: '' });
  await visitor.submit();
  await visitor.page.waitForFunction(() => document.getElementById('error-name').textContent.includes('enter your name'));
  await visitor.fill({ name: 'Grace' });
  await visitor.submit();
  await visitor.receipt();
  assert.equal(new Set(visitor.sent.map(({ key }) => key)).size, 3);
  assert.equal((await cloud.rows_of('server@example.com')).length, 1);
  await visitor.leave();
});

test('every code of the server has a text at every field that can have it', async () => {
  const codes = ['required', 'type', 'too_short', 'too_long', 'format.email', 'format.e164', 'format.country', 'format.date', 'too_early', 'too_late', 'not_in_enum', 'consent.stale'];
  const visitor = await visit();
  await visitor.form();
  const boxes = await visitor.page.locator('.error').evaluateAll((all) => all.map((box) => ({ id: box.id, ...box.dataset })));
  assert.equal(boxes.length, 8);
  for (const box of boxes) for (const code of codes) assert.ok(box[code] ?? box.other, `${box.id} ${code}`);
  await visitor.leave();
});

test('who has entered before is told so, and another address is a new entry', async () => {
  const first = await visit();
  await first.fill(entry('twice@example.com'));
  await first.submit();
  await first.receipt();
  await first.leave();

  const second = await visit();
  await second.fill({ ...entry('Twice@Example.com'), name: 'Ada again' });
  await second.submit();
  await second.state('409');
  assert.equal(await second.focused(), 'email');
  assert.match(await second.error('email'), /has been entered before/);
  assert.match(await second.status(), /in the draw already/);
  assert.equal(await second.page.inputValue('#name'), 'Ada again', 'the answers stay');
  await second.fill({ email: 'other@example.com' });
  await second.submit();
  await second.receipt();
  assert.notEqual(second.sent[0].key, second.sent[1].key);
  assert.deepEqual((await cloud.rows_of('twice@example.com')).length, 1);
  await second.leave();
});

test('by keyboard alone: skip link, every field, no honeypot, Enter sends', async () => {
  const visitor = await visit();
  await visitor.form();
  const { keyboard } = visitor.page;
  await keyboard.press('Tab');
  assert.equal(await visitor.page.evaluate(() => document.activeElement.textContent), 'Skip to the entry form');
  const visible = await visitor.page.evaluate(() => document.activeElement.getBoundingClientRect().top >= 0);
  assert.ok(visible, 'the skip link is seen when it has the focus');
  await keyboard.press('Enter');
  const order = [];
  // Day and month are the same: which one comes first is Chromium's business.
  const type = { name: 'Ada', email: 'keys@example.com', country: 'United K', born: '10101990', comment: 'x' };
  for (let n = 0; n < 20; n += 1) {
    await keyboard.press('Tab');
    const name = await visitor.focused();
    if (name === 'button') break;
    if (order.at(-1) === name) continue; // the parts of a date
    const outline = await visitor.page.evaluate(() => {
      const at = document.activeElement;
      return getComputedStyle(at.type === 'radio' ? at.nextElementSibling : at).outlineStyle;
    });
    assert.notEqual(outline, 'none', `${name}: the focus is seen`);
    order.push(name);
    if (type[name]) await keyboard.type(type[name]);
    if (name === 'size') await keyboard.press('ArrowRight');
    if (name === 'terms') await keyboard.press('Space');
  }
  assert.deepEqual(order, ['name', 'email', 'phone', 'country', 'born', 'size', 'comment', 'terms', 'a']);
  await keyboard.press('Enter');
  await visitor.receipt();
  const [row] = await cloud.rows_of('keys@example.com');
  assert.deepEqual([row.fields.country, row.fields.born, row.fields.size], ['GB', '1990-10-10', 'M']);
  assert.equal(await visitor.focused(), 'You are in. Good luck!');
  await visitor.leave();
});

test('the honeypot is out of sight, out of the tab order and labelled; who fills it in is not stored', async () => {
  const visitor = await visit();
  await visitor.form();
  const trap = visitor.page.locator('#website');
  const box = await trap.boundingBox();
  assert.ok(box.x + box.width < 0, 'off the screen, and not hidden from programs');
  assert.equal(await trap.getAttribute('tabindex'), '-1');
  assert.equal(await trap.getAttribute('autocomplete'), 'off');
  assert.equal(await visitor.page.locator('label[for=website]').textContent(), 'Leave this field empty');
  assert.equal(await visitor.overflow(), 0);
  await visitor.fill(entry('bot@example.com'));
  await trap.evaluate((input) => (input.value = 'https://spam.example'));
  await visitor.submit();
  assert.equal(await visitor.receipt(), '');
  assert.ok(await visitor.page.locator('.receipt').isHidden());
  assert.deepEqual(await cloud.rows_of('bot@example.com'), []);
  await visitor.leave();
});

test('a double click is one request', async () => {
  const visitor = await visit();
  await visitor.fill(entry('double@example.com'));
  await visitor.page.getByRole('button', { name: 'Enter the draw' }).dblclick();
  await visitor.receipt();
  assert.equal(visitor.sent.length, 1);
  await visitor.leave();
});

test('without scripts nothing can be sent, and the page says why', async () => {
  const visitor = await visit({ javaScriptEnabled: false });
  await visitor.page.getByText('This form needs JavaScript').waitFor();
  assert.ok(await visitor.page.getByRole('button', { name: 'Enter the draw' }).isDisabled());
  await visitor.leave();
});

test('a page that is not there is answered with the error page', async () => {
  const visitor = await visit();
  visitor.expects_trouble = true; // Chromium logs the 404 itself
  const response = await visitor.page.goto(new URL('/old/shop.html', cloud.page).href);
  assert.equal(response.status(), 404);
  await visitor.page.getByRole('heading', { name: 'There is no such page.' }).waitFor();
  await visitor.page.getByRole('link', { name: 'To the draw' }).click();
  await visitor.form();
  await visitor.leave();
});
