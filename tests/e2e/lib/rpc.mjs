// A `kith node`: requests out, answers and deliveries in. It knows the published interface and nothing else.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

import { within } from "./processes.mjs";

/// Requests that a node takes at a time.
const BATCH = 64;
/// A burst of thousands of messages takes less, on two slow cores.
const BURST_MS = 120_000;

export class Rpc {
  #child;
  #asked = 0;
  #answers = new Map();
  #delivered = new Set();
  #wanted = () => {};
  #words = [];

  constructor(file, args, env) {
    this.#child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    this.ended = new Promise((resolve) => this.#child.once("exit", resolve));
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#hear(JSON.parse(line)));
    createInterface({ input: this.#child.stderr }).on("line", (line) => this.#words.push(line));
    this.#child.stdin.on("error", () => {});
  }

  get lastWords() {
    return this.#words.slice(-30).join("\n");
  }

  #hear(message) {
    if (Array.isArray(message)) {
      message.forEach((one) => this.#hear(one));
    } else if (message.method === "event") {
      if (message.params.type !== "messageDelivered") return;
      this.#delivered.add(message.params.id);
      this.#wanted(message.params.id);
    } else {
      const { done, failed } = this.#answers.get(message.id);
      this.#answers.delete(message.id);
      if (message.error) failed(new Error(JSON.stringify(message.error)));
      else done(message.result);
    }
  }

  #request(method, params) {
    const id = (this.#asked += 1);
    const answer = new Promise((done, failed) => this.#answers.set(id, { done, failed }));
    return { request: { jsonrpc: "2.0", id, method, params }, answer };
  }

  /// Asks, and waits for the answer.
  ask(method, params) {
    const { request, answer } = this.#request(method, params);
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return within(answer, `the answer to ${method}`);
  }

  /// Asks for each of these without waiting in between.
  async askAll(method, all) {
    const answers = [];
    for (let at = 0; at < all.length; at += BATCH) {
      const batch = all.slice(at, at + BATCH).map((params) => this.#request(method, params));
      answers.push(...batch.map(({ answer }) => answer));
      this.#child.stdin.write(`${JSON.stringify(batch.map(({ request }) => request))}\n`);
    }
    return within(Promise.all(answers), `the answers to ${method}`, BURST_MS);
  }

  /// Waits until all of these were delivered.
  delivered(ids) {
    const all = new Promise((done) => {
      const missing = new Set(ids.filter((id) => !this.#delivered.has(id)));
      this.#wanted = (id) => {
        missing.delete(id);
        if (missing.size === 0) done();
      };
      this.#wanted();
    });
    return within(all, "deliveries", BURST_MS);
  }

  /// Asks it to end, and waits until it has.
  async end() {
    this.#child.stdin.end();
    await within(this.ended, "the end of a node").catch(() => this.#child.kill("SIGKILL"));
  }
}
