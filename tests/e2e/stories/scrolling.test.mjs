// A long conversation: the place in it, and the way to its end.

import assert from "node:assert/strict";
import { test } from "node:test";

import { SIZES, launch, noBrowser, open } from "../lib/browser.mjs";
import { expect, until } from "../lib/expect.mjs";
import { Gallery } from "../lib/gallery.mjs";
import { reportSkip } from "../lib/processes.mjs";

/// Message nodes in the page at most, whatever the conversation's length.
const NODES_MAX = 200;
/// Pixels that a line may move while pages come and go around it.
const STEADY = 4;

const count = (page) => page.getByRole("log").getByRole("article").count();
const scroll = (page) => page.evaluate(() => {
  const flow = document.querySelector("[role=log]");
  return { below: flow.scrollHeight - flow.scrollTop - flow.clientHeight, top: flow.scrollTop };
});

/// Somebody reads far back in ten thousand messages: the page stays small and nothing jumps; then one press leads to the end,
/// also while messages come, and a message of one's own is seen at once.
test("jump_to_latest_goes_to_the_end", { timeout: 120_000 }, async (t) => {
  if (noBrowser) {
    reportSkip("jump_to_latest_goes_to_the_end", noBrowser);
    t.skip(noBrowser);
    return;
  }
  const gallery = await Gallery.begin();
  const browser = await launch();
  try {
    const page = await open(browser, { size: SIZES.desktop });
    await page.goto(gallery.scenes.long);
    await page.getByRole("list", { name: "Chats" }).getByRole("button", { name: /Bob Okafor/ }).click();
    const last = page.getByRole("log").getByText("(10000)");
    await expect(last).toBeVisible();
    const jump = page.getByRole("button", { name: /^Jump to latest/ });

    await page.getByRole("log").hover();
    for (let pages = 0; pages < 40; pages += 1) {
      await page.mouse.wheel(0, -600);
      await page.waitForFunction(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))));
      assert.ok((await count(page)) <= NODES_MAX);
    }
    await until(async () => (await last.count()) === 0, Boolean, "the end has left the page");

    // What somebody reads does not move when a message comes.
    const line = page.getByRole("log").getByRole("article").nth(80);
    await line.scrollIntoViewIfNeeded();
    await until(async () => (await jump.count()) === 1, Boolean, "the way to the end is shown");
    const before = await line.boundingBox();
    gallery.say("long", "while you were away");
    await expect(page.getByRole("button", { name: "Jump to latest, 1 new message" })).toBeVisible();
    const after = await line.boundingBox();
    assert.ok(Math.abs(after.y - before.y) <= STEADY, `it moved by ${after.y - before.y}`);

    await jump.click();
    await expect(page.getByRole("log").getByText("while you were away")).toBeVisible();
    await until(async () => (await scroll(page)).below < STEADY, Boolean, "the end is reached");
    await expect(jump).toHaveCount(0);

    // What one writes oneself while reading elsewhere is seen.
    for (let pages = 0; pages < 20; pages += 1) await page.mouse.wheel(0, -900);
    await until(async () => (await jump.count()) === 1, Boolean, "the reader is elsewhere again");
    await page.getByRole("textbox", { name: "Message", exact: true }).fill("here I am");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("log").getByText("here I am")).toBeVisible();
    await until(async () => (await scroll(page)).below < STEADY, Boolean, "the own message is at the end");
    assert.deepEqual(page.faults, []);
  } finally {
    await browser.close();
    await gallery.end();
  }
});
