// A `campaign-local` of its own for the Node scripts, and the count of what they compare.
"use strict";

const { spawn } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { inspect, isDeepStrictEqual } = require("util");

const START_LIMIT = 30000; // milliseconds until the ready line

/// A running `campaign-local` on a data folder; `ready` is its JSON line.
class LocalCloud {
  constructor(binary, ...options) {
    this.binary = binary;
    this.options = options;
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "campaign-interop-"));
  }

  start() {
    const log = fs.openSync(path.join(this.folder, "campaign-local.log"), "a");
    const data = path.join(this.folder, "data");
    const cloud = spawn(this.binary, ["--data", data, ...this.options], { stdio: ["ignore", "pipe", log] });
    fs.closeSync(log);
    this.process = cloud;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("campaign-local printed no ready line")), START_LIMIT);
      cloud.once("exit", (code) => {
        clearTimeout(timer);
        reject(new Error(`campaign-local ended with ${code} before it was ready`));
      });
      let text = "";
      cloud.stdout.on("data", (chunk) => {
        text += chunk;
        if (text.includes("\n")) {
          clearTimeout(timer);
          cloud.removeAllListeners("exit");
          this.ready = JSON.parse(text);
          resolve(this.ready);
        }
      });
    });
  }

  /// Ends it by a signal; gives its exit code, or the signal's name.
  async end(signal) {
    const ended = new Promise((resolve) => this.process.once("exit", (code, by) => resolve(by ?? code)));
    this.process.kill(signal);
    return ended;
  }

  remove() {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/// One line a call, and the count.
class Report {
  passed = 0;
  failed = 0;

  compare(name, expected, actual) {
    if (isDeepStrictEqual(actual, expected)) {
      this.passed += 1;
      console.log(`ok   ${name}`);
    } else {
      const show = (value) => inspect(value, { depth: 12, breakLength: Infinity });
      this.failed += 1;
      console.log(`FAIL ${name}: expected ${show(expected)}, got ${show(actual)}`);
    }
  }

  /// Prints the count and sets the exit code.
  finish() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}

module.exports = { LocalCloud, Report };
