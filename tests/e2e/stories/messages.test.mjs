// What happens to messages after they were sent.

import assert from "node:assert/strict";

import { PHONE } from "../lib/browser.mjs";
import { expect, until } from "../lib/expect.mjs";
import { MARK } from "../lib/person.mjs";
import { story } from "../lib/world.mjs";

/// Longer than a finger that stays.
const PRESS_MS = 700;

/// Two people edit, react, answer and delete, and each sees what the other did.
story("messages_live_on_both_sides", async (world) => {
  const { alice, bob } = await world.friends();
  await alice.opens("Bob");
  await bob.opens("Alice");
  await alice.writes("Platform 14");
  await expect(bob.message("Platform 14")).toBeVisible();
  await expect(alice.mark("Platform 14", MARK.read)).toBeVisible();

  await alice.does("Platform 14", "Edit");
  await expect(alice.field("Message")).toBeFocused();
  await expect(alice.field("Message")).toHaveValue("Platform 14");
  await alice.field("Message").fill("Platform 4");
  await alice.page.keyboard.press("Enter");
  await expect(bob.message("Platform 4").getByText("edited").last()).toBeVisible();
  await expect(bob.message("Platform 14")).toHaveCount(0);
  await expect(alice.message("Platform 4")).toBeVisible();

  await bob.menu("Platform 4");
  await bob.page.getByRole("menuitemcheckbox", { name: "React with 👍" }).click();
  await expect(alice.reaction("Bob", "👍")).toBeVisible();
  await alice.reaction("Bob", "👍").click();
  await expect(bob.reaction("You and Alice", "👍")).toBeVisible();
  await bob.reaction("You and Alice", "👍").click();
  await expect(alice.reaction("You", "👍")).toBeVisible();

  await bob.does("Platform 4", "Reply");
  await expect(bob.field("Message")).toBeFocused();
  await bob.page.keyboard.type("On my way");
  await bob.page.keyboard.press("Enter");
  const quote = alice.message("On my way").getByRole("button", { name: "Go to what you wrote: Platform 4" });
  await expect(quote).toBeVisible();
  await quote.click();

  await alice.does("Platform 4", "Delete");
  await alice.dialog.getByRole("button", { name: "Delete for everyone" }).click();
  await expect(bob.message("Platform 4")).toHaveCount(0);
  await expect(bob.log.getByText("This message was deleted").first()).toBeVisible();
  await expect(bob.message("On my way").getByRole("button", { name: "Go to what Alice wrote: This message was deleted" })).toBeVisible();

  await alice.does("On my way", "Delete");
  await expect(alice.dialog.getByRole("button", { name: "Delete for everyone" })).toHaveCount(0);
  await alice.dialog.getByRole("button", { name: "Delete for me" }).click();
  await expect(alice.message("On my way")).toHaveCount(0);
  await expect(bob.message("On my way")).toBeVisible();
});

/// Who writes is named while they do.
story("who_writes_is_named", async (world) => {
  const { alice, bob } = await world.friends();
  await alice.opens("Bob");
  await bob.opens("Alice");
  await bob.writes("Hello");
  await expect(alice.message("Hello")).toBeVisible();
  await bob.field("Message").pressSequentially("and");
  await expect(alice.page.getByText("Bob is writing").first()).toBeVisible();
  await bob.field("Message").fill("");
  await expect(alice.page.getByText("Bob is writing")).toHaveCount(0);
});

/// The menu, a reaction, an answer and another text, without a mouse.
story("messages_live_by_keyboard", async (world) => {
  const { alice } = await world.friends();
  await alice.opens("Bob");
  await alice.writes("first");
  await alice.writes("second");
  const keys = alice.page.keyboard;
  const field = alice.field("Message");
  const focused = (name) => expect(alice.page.getByRole("menuitem", { name, exact: true })).toBeFocused();
  const about = alice.page.getByRole("button", { name: /^About the message of/ });

  // The arrow up in an empty field brings back the last message; Escape leaves it, and the draft is there again.
  await field.focus();
  await keys.press("ArrowUp");
  await expect(field).toHaveValue("second");
  await keys.type(" thought");
  await keys.press("Enter");
  await expect(alice.message("second thought")).toBeVisible();
  await expect(field).toHaveValue("");
  await expect(field).toBeFocused();
  await keys.press("ArrowUp");
  await expect(field).toHaveValue("second thought");
  await keys.press("Escape");
  await expect(field).toHaveValue("");
  await expect(field).toBeFocused();

  await about.first().focus();
  await keys.press("Shift+F10");
  await expect(alice.page.getByRole("menuitemcheckbox", { name: "React with 👍" })).toBeFocused();
  await keys.press("ArrowRight");
  await expect(alice.page.getByRole("menuitemcheckbox", { name: "React with ❤️" })).toBeFocused();
  await keys.press("ArrowDown");
  await focused("More emoji");
  await keys.press("ArrowDown");
  await focused("Reply");
  await keys.press("End");
  await focused("Delete");
  await keys.press("Escape");
  await expect(alice.page.getByRole("menu")).toBeHidden();
  await expect(about.first()).toBeFocused();

  await keys.press("ContextMenu");
  await expect(alice.page.getByRole("menu")).toBeVisible();
  await keys.press("Enter");
  await expect(alice.reaction("You", "👍")).toBeVisible();
  await expect(about.first()).toBeFocused();
  await keys.press("ArrowLeft");
  await expect(alice.reaction("You", "👍")).toBeFocused();
  await keys.press("Enter");
  await expect(alice.reaction("You", "👍")).toHaveCount(0);
});

/// On a phone a finger that stays opens the menu, and one that goes to the right answers; one that scrolls does neither.
story("messages_live_under_a_finger", async (world) => {
  const { alice } = await world.friends({ size: PHONE });
  await alice.opens("Bob");
  await alice.writes("under a finger");
  // Until it is away a line below says what it waits for; without it everything moves, away from where the finger goes.
  await expect(alice.mark("under a finger", MARK.delivered)).toBeVisible();
  const touch = await alice.page.context().newCDPSession(alice.page);
  const box = await alice.message("under a finger").boundingBox();
  const start = { x: box.x + 20, y: box.y + box.height / 2 };
  const send = (type, points) => touch.send("Input.dispatchTouchEvent", { type, touchPoints: points });
  const goes = async (dx, dy, steps = 8) => {
    await send("touchStart", [start]);
    for (let n = 1; n <= steps; n += 1) await send("touchMove", [{ x: start.x + (dx * n) / steps, y: start.y + (dy * n) / steps }]);
    await send("touchEnd", []);
  };
  const menu = alice.page.getByRole("menu");

  await send("touchStart", [start]);
  await alice.page.waitForTimeout(PRESS_MS);
  await expect(menu).toBeVisible();
  await send("touchEnd", []);
  assert.ok(await menu.isVisible(), "lifting the finger closes nothing");
  const sheet = await menu.boundingBox();
  assert.ok(Math.abs(sheet.y + sheet.height - PHONE.height) < 2 && sheet.width === PHONE.width, "it lies at the bottom");
  await alice.page.keyboard.press("Escape");
  await expect(menu).toBeHidden();

  const answer = alice.page.getByText("Reply to yourself");
  await goes(10, 90);
  await goes(30, 2);
  assert.equal(await answer.count(), 0, "neither scrolling nor a short way is an answer");
  await goes(90, 4);
  await expect(answer).toBeVisible();
  const rest = await alice.message("under a finger").boundingBox();
  await until(() => alice.message("under a finger").boundingBox(), (now) => Math.abs(now.x - box.x) < 1, `it lies where it was (${rest.x})`);
});
