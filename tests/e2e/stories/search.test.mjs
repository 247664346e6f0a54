// Looking for what was said, and keeping the list of chats in order.

import assert from "node:assert/strict";

import { PHONE } from "../lib/browser.mjs";
import { expect, until } from "../lib/expect.mjs";
import { story } from "../lib/world.mjs";

/// Ctrl+K, a few letters, the arrow and Enter lead to a message far above, which is in view; Escape brings the list back.
story("what_was_said_is_found", async (world) => {
  const { alice, bob } = await world.friends();
  await alice.opens("Bob");
  await alice.writes("The cellar key hangs behind the door");
  await alice.writes("昨日は東京タワーに行きました");
  for (let n = 0; n < 40; n += 1) await alice.writes(`One more line, ${n}\nand another`);
  const found = (person) => person.role("list", "Found messages").getByRole("button");
  const inView = (person, text) => person.message(text).evaluate((it) => {
    const box = it.getBoundingClientRect();
    return box.top >= 0 && box.bottom <= window.innerHeight;
  });

  await alice.page.keyboard.press("Control+k");
  const field = alice.role("searchbox", "Search");
  await expect(field).toBeFocused();
  await alice.page.keyboard.type("cellar");
  await expect(found(alice)).toHaveCount(1);
  await expect(found(alice).locator("mark")).toHaveText("cellar");
  await alice.page.keyboard.press("ArrowDown");
  await expect(found(alice)).toBeFocused();
  await alice.page.keyboard.press("Enter");
  await until(() => inView(alice, "The cellar key"), (is) => is, "the message that was found is in view");
  assert.ok(!(await inView(alice, "One more line, 39")), "the end is elsewhere");

  // Bob finds what she wrote, too, by two characters inside a sentence.
  await bob.role("searchbox", "Search").fill("東京");
  await expect(found(bob)).toHaveCount(1);
  await bob.page.keyboard.press("Enter");
  await until(() => inView(bob, "東京タワー"), (is) => is, "the message is in view");
  await bob.role("searchbox", "Search").focus();
  await bob.page.keyboard.press("Escape");
  await expect(bob.role("searchbox", "Search")).toHaveValue("");
  await expect(bob.chat("Alice")).toBeVisible();
});

/// The menu of a chat, by the other button of the mouse and by the keyboard: pinned, muted, archived, and back.
story("a_chat_is_put_in_its_place", async (world) => {
  const { alice, bob } = await world.friends();
  const item = (name) => alice.role("menuitem", name);
  await alice.chat("Bob").click({ button: "right" });
  await expect(item("Pin")).toBeFocused();
  await item("Pin").click();
  await expect(alice.chat("Bob")).toHaveText("Pinned");
  await alice.chat("Bob").focus();
  await alice.page.keyboard.press("Shift+F10");
  await expect(item("Unpin")).toBeVisible();
  await alice.page.keyboard.press("Escape");
  await expect(item("Unpin")).toBeHidden();
  await alice.chat("Bob").click({ button: "right" });
  await item("Archive").click();
  await expect(alice.chat("Bob")).toBeHidden();
  await alice.button(/^Archived/).click();
  await expect(alice.role("list", "Archived").getByRole("button", { name: /^Bob/ })).toBeVisible();
  await alice.button("All chats").click();
  // A message brings it back.
  await bob.opens("Alice");
  await bob.writes("Where are you?");
  await expect(alice.chat("Bob")).toHaveText("Where are you?");
});

/// On a phone a finger that stays asks for the menu; the same is on the person's page.
story("a_finger_that_stays_asks_for_the_menu", async (world) => {
  const { alice } = await world.friends({ size: PHONE });
  const box = await alice.chat("Bob").boundingBox();
  const touch = (type, list) => alice.chat("Bob").evaluate(
    (row, { type, list, x, y }) => {
      const touches = list ? [new Touch({ identifier: 1, target: row, clientX: x, clientY: y })] : [];
      row.dispatchEvent(new TouchEvent(type, { bubbles: true, cancelable: true, touches, targetTouches: touches }));
    },
    { type, list, x: box.x + 40, y: box.y + 10 },
  );
  await touch("touchstart", true);
  await expect(alice.role("menuitem", "Mute for good")).toBeVisible();
  await touch("touchend", false);
  await alice.role("menuitem", "Mute for good").click();
  await expect(alice.chat("Bob")).toHaveText("Muted");
  await alice.opens("Bob");
  await alice.button("Details").click();
  await until(() => alice.role("checkbox", "Mute").isChecked(), Boolean, "it is muted");
  await alice.role("checkbox", "Mute").uncheck();
  await alice.goHome();
  await until(() => alice.chat("Bob").innerText(), (text) => !text.includes("Muted"), "it is muted no more");
});
