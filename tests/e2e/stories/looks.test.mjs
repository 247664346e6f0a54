// Every screen: for people who see, hear or move otherwise, and as it looked before.

import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";

import { violations } from "../lib/access.mjs";
import { SIZES, THEMES, launch, noBrowser, open } from "../lib/browser.mjs";
import { expect, until } from "../lib/expect.mjs";
import { Gallery, SCREENS } from "../lib/gallery.mjs";
import { reportSkip } from "../lib/processes.mjs";
import { story } from "../lib/world.mjs";
import { comparePictures, KEPT } from "../pictures.mjs";

/// A hundred pages, one after the other.
const ALL_MS = 600_000;

/// axe-core finds nothing to complain about on any screen, in either theme and shape; and nothing is wider than the window.
test("every_screen_is_accessible", { timeout: ALL_MS }, async (t) => {
  if (noBrowser) {
    reportSkip("every_screen_is_accessible", noBrowser);
    t.skip(noBrowser);
    return;
  }
  const gallery = await Gallery.begin();
  const browser = await launch();
  // Each fault once, with where it is: the same one on every screen is one fault.
  const offences = new Map();
  const offend = (what, where) => offences.set(what, [...(offences.get(what) ?? []), where]);
  try {
    for (const [size, viewport] of Object.entries(SIZES)) {
      for (const screen of SCREENS) {
        const page = await open(browser, { size: viewport });
        await gallery.show(page, screen).catch((error) => offend(error.message, `${screen.name}, ${size}`));
        for (const theme of THEMES) {
          await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
          (await violations(page)).forEach((what) => offend(what, `${screen.name}, ${size}, ${theme}`));
        }
        (await cutOff(page)).forEach((what) => offend(`${what} is beyond the window`, `${screen.name}, ${size}`));
        page.faults.forEach((what) => offend(what, `${screen.name}, ${size}`));
        await page.context().close();
      }
    }
  } finally {
    await browser.close();
    await gallery.end();
  }
  assert.equal(offences.size, 0, [...offences].map(([what, where]) => `${what}\n  on ${where.join("; ")}`).join("\n"));
});

/// What cannot be reached because it lies to the left or right of the window. The page itself scrolls sideways nowhere, and hides it.
async function cutOff(page) {
  return page.evaluate(() => {
    const controls = [...document.querySelectorAll("button, a, input, textarea, [tabindex]")];
    const beyond = (rect) => rect.width > 0 && (rect.left < -1 || rect.right > window.innerWidth + 1);
    const wide = document.documentElement.scrollWidth > window.innerWidth ? ["the page"] : [];
    const cut = controls.filter((it) => it.checkVisibility() && beyond(it.getBoundingClientRect()));
    return [...wide, ...cut.map((it) => it.getAttribute("aria-label") ?? it.textContent.slice(0, 40))];
  });
}

/// A theme and a text size that were chosen hold at once, and after a new start of the page.
story("what_was_chosen_for_the_eye_holds", async (world) => {
  const alice = await world.person("Alice", { theme: "dark" });
  await alice.welcome();
  await alice.goTo("Settings");
  const paper = () => alice.page.evaluate(() => {
    const [r, g, b] = getComputedStyle(document.querySelector("main")).backgroundColor.match(/\d+/g).map(Number);
    const [sr, sg, sb] = getComputedStyle(document.querySelector("nav")).backgroundColor.match(/\d+/g).map(Number);
    return Math.max(r + g + b, sr + sg + sb) / 3;
  });
  const letters = () => alice.heading("Settings").evaluate((it) => parseFloat(getComputedStyle(it).fontSize));
  const normal = await letters();
  assert.ok((await paper()) < 100, "the system is dark, and so is Kith");
  await alice.role("radio", "Light").check();
  await alice.role("radio", "Huge").check();
  await until(paper, (light) => light > 200, "light now");
  await until(letters, (size) => size > 1.3 * normal, "huge now");
  await alice.page.reload();
  await alice.goTo("Settings");
  await until(paper, (light) => light > 200, "still light");
  assert.ok((await letters()) > 1.3 * normal);
  await expect(alice.role("radio", "Light")).toBeVisible();
});

/// The kept pictures are what the gallery shows today, within the tolerance of lib/compare.mjs.
test("pictures_are_as_they_were", { timeout: ALL_MS }, async (t) => {
  const kept = await readdir(KEPT).catch(() => []);
  const why = noBrowser ?? (kept.some((name) => name.endsWith(".png")) ? undefined : "no pictures are kept");
  if (why) {
    reportSkip("pictures_are_as_they_were", why);
    t.skip(why);
    return;
  }
  const folder = process.env.KITH_PICTURES ?? (await mkdtemp(path.join(tmpdir(), "kith-pictures-")));
  const { offences } = await comparePictures(folder);
  assert.deepEqual(offences, [], `see ${folder}`);
  if (!process.env.KITH_PICTURES) await rm(folder, { recursive: true, force: true });
});
