// People who are not there, pages that sleep, a Kith that is gone.

import { expect, until } from "../lib/expect.mjs";
import { MARK } from "../lib/person.mjs";
import { within } from "../lib/processes.mjs";
import { story } from "../lib/world.mjs";

/// What is written while the other is away waits, says why, and arrives once when they return.
story("what_waits_arrives_when_they_return", async (world) => {
  const { alice, bob } = await world.friends();
  await alice.opens("Bob");
  await alice.writes("Before");
  await expect(alice.mark("Before", MARK.delivered)).toBeVisible();
  await bob.kith.kill();
  await alice.writes("While you were away");
  await alice.writes("And another one");
  await expect(alice.mark("another one", /^(Queued\.|Sent:) .*Bob/)).toBeVisible();
  await bob.start();
  await expect(bob.chat("Alice")).toBeVisible();
  await bob.opens("Alice");
  await expect(bob.message("While you were away")).toHaveCount(1);
  await expect(bob.message("And another one")).toHaveCount(1);
  await expect(alice.mark("another one", MARK.delivered)).toBeVisible();
});

/// A Kith that starts again has everything: who, what was said, what was typed and not sent.
story("everything_is_there_after_a_restart", async (world) => {
  const { alice, bob } = await world.friends();
  await alice.opens("Bob");
  await alice.writes("Keep this");
  await bob.opens("Alice");
  await expect(bob.message("Keep this")).toBeVisible();
  await alice.field("Message").fill("Half a thou");
  await expect(alice.chat("Bob").getByText("Draft: Half a thou")).toBeVisible();
  await alice.restart();
  await alice.opens("Bob");
  await expect(alice.message("Keep this")).toHaveCount(1);
  await expect(alice.field("Message")).toHaveValue("Half a thou");
  await expect(alice.mark("Keep this", MARK.delivered)).toBeVisible();
});

/// A page that sleeps does not hold up the Kith behind it, and shows everything once it wakes.
story("a_sleeping_page_holds_up_nothing", async (world) => {
  const { alice, bob } = await world.friends();
  await alice.opens("Bob");
  await bob.opens("Alice");
  await alice.writes("Warm");
  await expect(bob.message("Warm")).toBeVisible();
  // No script of the page runs and nothing is drawn, as in a tab that the browser has put to sleep. (A browser without a
  // screen takes every page for a visible one.)
  const devtools = await bob.page.context().newCDPSession(bob.page);
  await devtools.send("Debugger.enable");
  const asleep = new Promise((told) => devtools.once("Debugger.paused", told));
  await devtools.send("Debugger.pause");
  for (const n of [1, 2, 3]) {
    await alice.writes(`To a sleeper ${n}`);
    await expect(alice.mark(`To a sleeper ${n}`, MARK.delivered)).toBeVisible();
  }
  await within(asleep, "the page to sleep");
  await devtools.send("Debugger.resume");
  await devtools.send("Debugger.disable");
  for (const n of [1, 2, 3]) await expect(bob.message(`To a sleeper ${n}`)).toHaveCount(1);
});

/// When the Kith behind a page is gone, the page says so in words.
story("a_page_says_that_its_kith_is_gone", async (world) => {
  const alice = await world.person("Alice");
  await alice.welcome();
  await alice.kith.kill();
  await expect(alice.page.getByRole("alert")).toHaveText("Kith is not running any more");
});

/// A page that has lost only its connection comes back by itself.
story("a_page_that_lost_its_connection_comes_back", async (world) => {
  const alice = await world.person("Alice");
  await alice.welcome();
  await alice.page.evaluate(() => { globalThis.before = true; window.ipc.ws.close(); });
  await until(() => alice.page.evaluate(() => globalThis.before ?? false), (before) => !before, "the page is loaded anew");
  await expect(alice.heading("Kith")).toBeVisible();
});
