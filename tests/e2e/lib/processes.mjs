// Programs of ours that run beside a story, and the lines that they print. Each ends with its story, whatever happens.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { createServer } from "node:net";
import { appendFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/// How long a story waits for something that must happen: generous, since tests share two cores with each other.
export const DEADLINE_MS = 1000 * Number(process.env.KITH_STORY_DEADLINE_S ?? 30);
/// A clean end is tried for so long before it is made.
const END_MS = 5000;
/// The last lines on standard error that a failure shows.
const LAST_WORDS = 30;

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
/// The programs: cargo builds them before the stories are told.
export const KITH = process.env.KITH_BIN ?? path.join(target, "debug/kith");
export const GALLERY = process.env.KITH_GALLERY_BIN ?? path.join(target, "debug/examples/gallery");

/// A port that nobody listens on at the moment.
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/// A promise that does not wait longer than a deadline.
export function within(promise, what, ms = DEADLINE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms in vain for ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export class Program {
  #child;
  #lines = [];
  #waiting = [];
  #words = [];

  constructor(file, args, env = {}) {
    this.#child = spawn(file, args, { env: { ...process.env, TZ: "UTC", ...env }, stdio: ["pipe", "pipe", "pipe"] });
    this.ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(String(error)));
      this.#child.once("exit", (code, signal) => resolve(signal ?? code));
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      this.#lines.push(line);
      this.#waiting.splice(0).forEach((wake) => wake());
    });
    createInterface({ input: this.#child.stderr }).on("line", (line) => {
      this.#words.push(line);
      if (this.#words.length > LAST_WORDS) this.#words.shift();
    });
    // Nothing of a story outlives the runner.
    const last = () => this.#child.kill("SIGKILL");
    process.once("exit", last);
    this.ended.then(() => process.off("exit", last));
    // Whoever has gone does not read any more; the end of the program says so.
    this.#child.stdin.on("error", () => {});
  }

  get pid() {
    return this.#child.pid;
  }

  /// Everything that it has printed so far.
  get lines() {
    return [...this.#lines];
  }

  /// The end of what it said on standard error.
  get lastWords() {
    return this.#words.join("\n");
  }

  /// The first line that fits.
  async line(fits) {
    const look = async () => {
      for (;;) {
        const found = this.#lines.find(fits);
        if (found !== undefined) return found;
        await new Promise((wake) => this.#waiting.push(wake));
      }
    };
    const gone = this.ended.then((how) => {
      throw new Error(`it ended (${how}) before it said what was waited for\n${this.lastWords}`);
    });
    gone.catch(() => {});
    return within(Promise.race([look(), gone]), `a line\n${this.lastWords}`);
  }

  /// Writes a line to it.
  say(line) {
    this.#child.stdin.write(line + "\n");
  }

  /// SIGKILL: it gets no chance to write anything.
  async kill() {
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  /// Asks it to end, and makes it end when it does not.
  async end() {
    this.#child.stdin.end();
    this.#child.kill("SIGTERM");
    const late = setTimeout(() => this.#child.kill("SIGKILL"), END_MS);
    const how = await this.ended;
    clearTimeout(late);
    return how;
  }
}

/// Says that a story cannot be told here: `cargo xtask test` wants to know.
export function reportSkip(name, reason) {
  if (process.env.KITH_SKIPS) appendFileSync(process.env.KITH_SKIPS, `e2e::${name}: ${reason}\n`);
}
