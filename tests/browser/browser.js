// Headless Chromium, and a visitor with a page in it.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// The packages: beside this file, or where CAMPAIGN_NODE_PACKAGES says.
const packages = process.env.CAMPAIGN_NODE_PACKAGES ?? fileURLToPath(new URL('.', import.meta.url));
const require = createRequire(path.join(packages, 'package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const launch_browser = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** An entry that the campaign takes. */
export const entry = (email) => ({
  name: 'Ada Lovelace',
  email,
  phone: '+44 20 7946 0958',
  country: 'GB',
  born: '1990-12-10',
  size: 'M',
  comment: '',
  terms: true,
});

export class Visitor {
  /** `prepare` is called with the page before the campaign's page is opened. */
  static async open(browser, cloud, { query = '', prepare, context: given, ...options } = {}) {
    const visitor = new Visitor();
    visitor.cloud = cloud;
    visitor.context = given ?? (await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/London', ...options }));
    const page = (visitor.page = await visitor.context.newPage());
    page.setDefaultTimeout(60_000); // a busy machine is no fault of the page
    visitor.complaints = [];
    /** Entries sent: key, body, when. */
    visitor.sent = [];
    const hosts = new Set([new URL(cloud.page).host, new URL(cloud.ready.gateway).host]);
    page.on('pageerror', (error) => visitor.complaints.push(`script: ${error.message}`));
    page.on('console', (message) => {
      // Chromium itself logs refused and lost requests; they are what a test asked for.
      const ours = message.text().startsWith('Failed to load resource: ') && message.location().url.startsWith(cloud.ready.gateway);
      if (['error', 'warning'].includes(message.type()) && !ours && !visitor.expects_trouble) {
        visitor.complaints.push(`console: ${message.text()}`);
      }
    });
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      if (protocol !== 'data:' && !hosts.has(host)) visitor.complaints.push(`foreign host: ${host}`);
      if (request.method() === 'POST') {
        visitor.sent.push({ key: request.headers()['idempotency-key'], body: request.postData(), at: Date.now() });
      }
    });
    await prepare?.(page, visitor);
    await page.goto(cloud.page + query);
    return visitor;
  }

  /** Closes the page; nothing may have gone wrong on it. */
  async leave() {
    await this.context.close();
    assert.deepEqual(this.complaints, []);
  }

  /** Waits for the form. */
  async form() {
    await this.page.waitForSelector('form fieldset:enabled');
    return this.page.locator('form');
  }

  async fill(values) {
    await this.form();
    const { page } = this;
    for (const [name, value] of Object.entries(values)) {
      const control = page.locator(`form [name=${name}]`);
      if (name === 'size') await page.locator('.sizes label', { has: page.locator(`[value="${value}"]`) }).click();
      else if (name === 'country') await control.selectOption(value);
      else if (name === 'terms') await control.setChecked(value);
      else await control.fill(value);
    }
  }

  async submit() {
    await this.page.getByRole('button', { name: 'Enter the draw' }).click();
  }

  /** Waits for the thank-you and gives the receipt's number. */
  async receipt() {
    await this.page.waitForSelector('[data-view=done]:not([hidden])');
    return this.page.locator('output').textContent();
  }

  async view() {
    return this.page.locator('[data-view]:not([hidden])').getAttribute('data-view');
  }

  /** Waits until the form is in a state: `waiting`, `offline`, `422` … */
  async state(name) {
    await this.page.waitForSelector(`form[data-state="${name}"]`);
  }

  status() {
    return this.page.locator('form [role=status]').textContent();
  }

  error(name) {
    return this.page.locator(`#error-${name}`).textContent();
  }

  focused() {
    return this.page.evaluate(() => {
      const { id, name, dataset, tagName } = document.activeElement;
      return name || id || ('focus' in dataset ? document.activeElement.textContent : tagName.toLowerCase());
    });
  }

  /** Answers the page's config.json with some members changed, by a function when it is asked for; headers stay. */
  static config(change) {
    return async (page) => {
      await page.route('**/config.json', async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, json: { ...(await response.json()), ...(change.call ? change() : change) } });
      });
    };
  }

  /** How far the page is wider than the window, in pixels. */
  overflow() {
    return this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  }

  /** What axe-core finds that is serious or critical; WCAG 2.2 AA and its own best practices. */
  async findings() {
    await this.page.evaluate(axe);
    const { violations } = await this.page.evaluate(() => globalThis.axe.run());
    return violations
      .filter(({ impact }) => ['serious', 'critical'].includes(impact))
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`);
  }
}
