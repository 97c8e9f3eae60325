// A local cloud with the example campaign published, and what a test asks of it.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const root = fileURLToPath(new URL('../..', import.meta.url));
/** Where `launch` and `campaign-local` were built. */
const programs = path.resolve(root, process.env.CAMPAIGN_PROGRAMS ?? 'target/debug');
/** Milliseconds for a program to say something. */
const PATIENCE = 60_000;

export class Cloud {
  static async start() {
    const cloud = new Cloud();
    cloud.folder = await mkdtemp(path.join(tmpdir(), 'campaign-browser-'));
    const data = path.join(cloud.folder, 'data');
    const child = spawn(path.join(programs, 'campaign-local'), ['--data', data], { stdio: ['ignore', 'pipe', 'ignore'] });
    cloud.child = child;
    const line = await Promise.race([
      new Promise((resolve) => createInterface(child.stdout).once('line', resolve)),
      new Promise((_, reject) => child.once('error', reject)),
      new Promise((_, reject) => child.once('exit', (code) => reject(new Error(`campaign-local ended with ${code}`)))),
    ]);
    cloud.ready = JSON.parse(line);
    cloud.file = path.join(cloud.folder, 'ready.json');
    await writeFile(cloud.file, line, { mode: 0o600 });
    const { stdout } = await cloud.launch();
    // The page's address is what `launch` prints first.
    [cloud.page] = stdout.match(/https?:\/\/\S+/);
    return cloud;
  }

  launch(...words) {
    return run(path.join(programs, 'launch'), [...words, '--cloud', this.file], { timeout: PATIENCE, maxBuffer: 1 << 26 });
  }

  /** The stored entries. */
  async rows() {
    const { stdout } = await this.launch('export');
    return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }

  /** The stored entries of an address. */
  async rows_of(email) {
    return (await this.rows()).filter((row) => row.fields.email === email);
  }

  /** What happens to the next requests at the gateway, one fault each. */
  async hurt(...faults) {
    await this.#faults('PUT', { script: faults.map((fault) => ({ hop: 'gateway', fault })) });
  }

  /** Every fault of `hurt` has happened. */
  async all_hurt() {
    const state = await this.#faults('GET');
    assert.deepEqual(state.script ?? [], [], 'a fault was never met');
  }

  async #faults(method, body) {
    const answer = await fetch(`${this.ready.admin}/faults`, {
      method,
      headers: { authorization: `Bearer ${this.ready.admin_token}` },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `management call: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : {};
  }

  async stop() {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM');
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
