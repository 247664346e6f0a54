// Hands on keys.

import assert from "node:assert/strict";

import { tabStops, tabTo } from "../lib/access.mjs";
import { PHONE } from "../lib/browser.mjs";
import { expect } from "../lib/expect.mjs";
import { MARK } from "../lib/person.mjs";
import { story } from "../lib/world.mjs";

/// More than any hand types at once.
const MANY = 2000;

/// Two thousand characters typed without a pause arrive whole.
story("fast_typing_loses_nothing", async (world) => {
  const { alice, bob } = await world.friends();
  await alice.opens("Bob");
  await bob.opens("Alice");
  const text = Array.from({ length: MANY / 10 }, (_, n) => `word ${String(n).padStart(4, "0")} `).join("").trimEnd();
  await alice.field("Message").focus();
  await alice.page.keyboard.type(text, { delay: 0 });
  await alice.page.keyboard.press("Enter");
  const arrived = bob.message("word 0199");
  await expect(arrived).toBeVisible();
  assert.ok((await arrived.innerText()).includes(text), "every character arrived, in order");
  await expect(alice.field("Message")).toHaveValue("");
  // And the next one begins at once.
  await alice.page.keyboard.type("next", { delay: 0 });
  await alice.page.keyboard.press("Enter");
  await expect(bob.message(/^next/)).toBeVisible();
});

/// From the welcome to a conversation without a mouse: Tab, arrows, Enter, Shift+Enter, Escape.
story("a_keyboard_is_enough", async (world) => {
  const alice = await world.person("Alice");
  const bob = await world.person("Bob");
  await bob.welcome();
  const keys = alice.page.keyboard;

  await expect(alice.field("Your name")).toBeFocused();
  await keys.type("Alice");
  await keys.press("Enter");
  await expect(alice.button("Start")).toBeVisible();
  await tabTo(alice.page, alice.role("radio", /^Only on this computer/));
  await keys.press("ArrowDown");
  await expect(alice.role("radio", /^In my network/)).toBeFocused();
  await keys.press("ArrowUp");
  await tabTo(alice.page, alice.button("Start"));
  await keys.press("Enter");
  await expect(alice.heading("Kith")).toBeVisible();

  const link = await bob.link();
  await tabTo(alice.page, alice.button("Add a contact"));
  await keys.press("Enter");
  await expect(alice.heading("Add a contact")).toBeVisible();
  await tabTo(alice.page, alice.field("Their link"));
  await keys.insertText(link);
  await tabTo(alice.page, alice.button("Send request"));
  await keys.press("Enter");
  await expect(alice.page.getByText("Your request is on its way")).toBeVisible();
  await keys.press("Escape");
  await expect(alice.heading("Add a contact")).toBeHidden();
  await bob.accepts("Alice");

  await expect(alice.chat("Bob")).toBeVisible();
  await tabTo(alice.page, alice.chat("Bob"));
  await keys.press("Enter");
  await expect(alice.field("Message")).toBeFocused();
  await keys.type("one line");
  await keys.press("Shift+Enter");
  await keys.type("and another");
  await expect(alice.field("Message")).toHaveValue("one line\nand another");
  await keys.press("Enter");
  await expect(alice.mark("and another", MARK.delivered)).toBeVisible();
  await expect(alice.field("Message")).toBeFocused();

  // What is known of a message: one of them is a stop, and the arrows go from one to the next.
  await keys.type("a second one");
  await keys.press("Enter");
  await expect(alice.mark("a second one", MARK.delivered)).toBeVisible();
  const about = alice.page.getByRole("button", { name: /^About the message of/ });
  await tabTo(alice.page, about.last());
  await keys.press("ArrowUp");
  await expect(about.first()).toBeFocused();
  await keys.press("Enter");
  await expect(alice.dialog.getByText("Directly, from device to device")).toBeVisible();
  await keys.press("Escape");
  await expect(alice.dialog).toBeHidden();
  await expect(about.first()).toBeFocused();

  await tabTo(alice.page, alice.button("Details"));
  await keys.press("Enter");
  await expect(alice.heading("Safety number")).toBeVisible();
  await tabTo(alice.page, alice.button("Block"));
  await keys.press("Enter");
  await expect(alice.dialog).toBeVisible();
  for (let n = 0; n < 6; n += 1) {
    await keys.press("Tab");
    assert.ok(await alice.dialog.evaluate((it) => it.contains(document.activeElement)), "a dialog keeps the focus");
  }
  await keys.press("Escape");
  await expect(alice.dialog).toBeHidden();
  await expect(alice.button("Block")).toBeFocused();
  await keys.press("Escape");
  await expect(alice.field("Message")).toBeVisible();
});

/// Every control that can be seen is reached by Tab, from top to bottom within its pane, and shows that it has the focus.
story("tab_reaches_everything_in_order", async (world) => {
  const { alice } = await world.friends();
  await alice.opens("Bob");
  const stops = await tabStops(alice.page);
  const names = stops.map(({ name }) => name);
  assert.deepEqual(names.filter((_, n) => !stops[n].ring), [], "these do not show that they have the focus");
  const controls = alice.page.getByRole("button").or(alice.page.getByRole("textbox")).or(alice.page.getByRole("searchbox")).or(alice.page.getByRole("link"));
  const visible = await controls.filter({ visible: true }).count();
  // The log is a stop too: its messages are scrolled with the keys.
  const stopped = names.filter((name) => /^(button|textarea|input|a) /.test(name)).length;
  assert.equal(stopped, visible, `Tab stops at ${names.join(", ")}`);
  assert.ok(stops.every(({ width }) => width > 0), "no stop is hidden");
});

/// On a phone one pane is seen at a time, Escape and "Back" lead back, and the button sends.
story("a_phone_shows_one_pane", async (world) => {
  const { alice, bob } = await world.friends({ size: PHONE });
  await expect(alice.field("Message")).toBeHidden();
  await alice.opens("Bob");
  await expect(alice.chat("Bob")).toBeHidden();
  await alice.writes("From a phone");
  await bob.opens("Alice");
  await expect(bob.message("From a phone")).toBeVisible();
  await alice.button("Details").click();
  await expect(alice.heading("Safety number")).toBeVisible();
  await alice.button("Back").click();
  await expect(alice.field("Message")).toBeVisible();
  await alice.button("Back").click();
  await expect(alice.chat("Bob")).toBeVisible();
  await alice.opens("Bob");
  await alice.page.keyboard.press("Escape");
  await expect(alice.chat("Bob")).toBeVisible();
  const overflow = await alice.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, "nothing is wider than the screen");
});
