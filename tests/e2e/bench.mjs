// What `cargo xtask bench ui` measures in Chromium: over a real Kith with a long conversation, built for release.
//
//   node bench.mjs '{"live":FILE,"kith":FILE,"home":DIR,"alice":DIR,"bob":DIR,"bobId":UUID,"aliceId":UUID,"broker":ADDR,"last":TEXT}'
//
// The last line that it prints is what it measured, as JSON; what is enough is decided elsewhere.

import { launch, open } from "./lib/browser.mjs";
import { expect, until } from "./lib/expect.mjs";
import { Rpc } from "./lib/rpc.mjs";
import { Program } from "./lib/processes.mjs";

/// How often the conversation is opened, and how many messages are timed on their way to the screen.
const OPENINGS = 20, MESSAGES = 40;
/// How far and how often it is scrolled: past what is in the page many times over.
const WHEEL_PX = 2500, WHEELS = 100, WHEEL_MS = 120;
/// Messages of one run of the engine, and how often it runs with the page visible and hidden.
const LOAD = 2000, RUNS = 6;

/// Runs in the page: clocks that are read where a person's eye would be.
function install() {
  const log = () => document.querySelector("[role=log]");
  const newest = () => [...(log()?.querySelectorAll("article") ?? [])].pop();
  const inSight = (element) => {
    const box = element.getBoundingClientRect(), frame = log().getBoundingClientRect();
    return box.height > 0 && box.bottom <= frame.bottom + 1 && box.top >= frame.top - 1;
  };
  /// Comes when the frame that shows what is in the page now was painted.
  const painted = () => new Promise((done) => {
    requestAnimationFrame(() => {
      const after = new MessageChannel();
      after.port1.onmessage = () => done(performance.now());
      after.port2.postMessage(null);
    });
  });
  const changes = (look) => new Promise((done) => {
    const watcher = new MutationObserver(() => look(end));
    const end = (value) => { watcher.disconnect(); done(value); };
    watcher.observe(document.body, { childList: true, subtree: true, characterData: true });
    look(end);
  });
  globalThis.bench = {
    /// Milliseconds from the next click to the painted end of the conversation.
    async opening(last) {
      const clicked = new Promise((done) => {
        document.addEventListener("click", (event) => done(event.timeStamp), { capture: true, once: true });
      });
      const start = await clicked;
      await changes((end) => newest()?.textContent.includes(last) && end());
      let at = await painted();
      while (!(newest()?.textContent.includes(last) && inSight(newest()))) at = await painted();
      return at - start;
    },
    /// The Unix milliseconds at which a new message was painted, in sight.
    async arrival(text) {
      await changes((end) => newest()?.textContent.includes(text) && end());
      let at = await painted();
      while (!(newest()?.textContent.includes(text) && inSight(newest()))) at = await painted();
      return performance.timeOrigin + at;
    },
    /// Counts what is in the page from now on: at most so many at once, so many different ones.
    count() {
      const counted = { messages: 0, rows: 0, seen: new Set() };
      const look = () => {
        const messages = log()?.querySelectorAll("article") ?? [];
        counted.messages = Math.max(counted.messages, messages.length);
        counted.rows = Math.max(counted.rows, log()?.querySelectorAll("[data-row]").length ?? 0);
        messages.forEach((message) => counted.seen.add(message.textContent));
      };
      new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
      look();
      globalThis.bench.counted = () => ({ messages: counted.messages, rows: counted.rows, seen: counted.seen.size });
    },
  };
}

/// How many messages in a second Bob's device sees delivered, of so many.
async function throughput(bob, to, name) {
  const texts = Array.from({ length: LOAD }, (_, n) => `${name} ${n}`);
  const start = performance.now();
  const sent = await bob.askAll("message.send", texts.map((text) => ({ to, text })));
  await bob.delivered(sent.map(({ id }) => id));
  return LOAD / ((performance.now() - start) / 1000);
}

async function openings(page, chat, last) {
  const times = [];
  for (let n = 0; n < OPENINGS; n += 1) {
    await chat("Carol").click();
    await expect(page.getByRole("heading", { name: "Carol", exact: true })).toBeVisible();
    const time = page.evaluate((text) => globalThis.bench.opening(text), last);
    await chat("Bob").click();
    times.push(await time);
  }
  return times;
}

async function scrolling(page) {
  await page.evaluate(() => globalThis.bench.count());
  await page.getByRole("log", { name: "Messages" }).hover();
  for (const way of [-1, 1]) {
    for (let n = 0; n < WHEELS; n += 1) {
      await page.mouse.wheel(0, way * WHEEL_PX);
      await page.waitForTimeout(WHEEL_MS);
    }
  }
  return page.evaluate(() => globalThis.bench.counted());
}

async function arrivals(page, bob, live, to) {
  const times = [];
  for (let n = 0; n < MESSAGES; n += 1) {
    // Not in step with anything that happens regularly.
    await page.waitForTimeout(40 + Math.random() * 120);
    const text = `timed message ${n}.`;
    const painted = page.evaluate((wanted) => globalThis.bench.arrival(wanted), text);
    const sent = performance.timeOrigin + performance.now();
    const { id } = await bob.ask("message.send", { to, text });
    const line = await live.line((said) => said.startsWith("received ") && said.endsWith(id));
    const onScreen = await painted;
    times.push({ fromEvent: onScreen - Number(line.split(" ")[1]), fromSend: onScreen - sent });
  }
  return times;
}

async function loads(page, bob, to) {
  const devtools = await page.context().newCDPSession(page);
  const rates = { visible: [], hidden: [] };
  for (let run = 0; run < RUNS; run += 1) {
    // Each goes first as often as the other: the database grows, and a log is written back now and then.
    for (const name of run % 2 === 0 ? ["visible", "hidden"] : ["hidden", "visible"]) {
      // Frozen is what becomes of a page that is long in the background: no timer, no frame, no socket is read.
      await devtools.send("Page.setWebLifecycleState", { state: name === "hidden" ? "frozen" : "active" });
      rates[name].push(await throughput(bob, to, `${name} ${run},`));
      await devtools.send("Page.setWebLifecycleState", { state: "active" });
      const chats = page.getByRole("list", { name: "Chats" });
      await expect(chats.getByText(`${name} ${run}, ${LOAD - 1}`)).toBeVisible();
    }
  }
  return rates;
}

const given = JSON.parse(process.argv[2]);
const env = { KITH_HOME: given.home };
const live = new Program(given.live, [given.alice, given.broker], env);
const bob = new Rpc(given.kith, ["node", "--data", given.bob, "--local-broker", given.broker, "--no-default-ice"], env);
const browser = await launch();
try {
  const address = await live.line((line) => line.startsWith("http://"));
  await until(() => bob.ask("status", {}), ({ links }) => links.some(({ state }) => state === "open"), "a link to Alice");
  const page = await open(browser);
  await page.goto(address);
  const chat = (name) => page.getByRole("list", { name: "Chats" }).getByRole("button", { name: new RegExp(name) });
  await page.evaluate(install);

  // Read to its end first, as somebody has who opens it every day.
  await chat("Bob").click();
  await page.getByRole("log", { name: "Messages" }).getByRole("article").first().waitFor();
  const jump = page.locator("[data-to-end]");
  const end = page.getByRole("log", { name: "Messages" }).getByText(given.last);
  await until(async () => {
    // It goes away when the end is there, perhaps under the very click.
    if (await jump.isVisible()) await jump.click({ timeout: 1000 }).catch(() => {});
    return (await end.isVisible()) && !(await jump.isVisible());
  }, Boolean, "the end of the conversation");

  const measured = { openings: await openings(page, chat, given.last) };
  console.log("openings are timed");
  measured.nodes = await scrolling(page);
  console.log("nodes are counted");
  await chat("Carol").click();
  await expect(page.getByRole("heading", { name: "Carol", exact: true })).toBeVisible();
  await chat("Bob").click();
  await expect(page.getByRole("log", { name: "Messages" }).getByText(given.last)).toBeVisible();
  measured.arrivals = await arrivals(page, bob, live, given.aliceId);
  console.log("arrivals are timed");
  measured.loads = await loads(page, bob, given.aliceId);
  console.log(JSON.stringify(measured));
} catch (error) {
  error.message += `\n${live.lastWords}\n${bob.lastWords}`;
  throw error;
} finally {
  await browser.close();
  await Promise.all([live.end(), bob.end()]);
}
