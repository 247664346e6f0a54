// Waiting for what a person would see: the few expectations that the stories need, each with a deadline.

import assert from "node:assert/strict";

import { DEADLINE_MS } from "./processes.mjs";

/// How often the page is looked at again.
const LOOK_MS = 50;

/// Waits until a look at the page gives what is wanted.
export async function until(look, fits, what) {
  const end = Date.now() + DEADLINE_MS;
  let seen;
  for (;;) {
    try {
      seen = await look();
      if (fits(seen)) return seen;
    } catch (error) {
      // The page may be on its way to another one.
      seen = error;
    }
    if (Date.now() > end) assert.fail(`waited in vain: ${what}; last seen: ${seen instanceof Error ? seen.message : JSON.stringify(seen)}`);
    await new Promise((later) => setTimeout(later, LOOK_MS));
  }
}

export function expect(locator) {
  return {
    toBeVisible: () => locator.waitFor({ state: "visible", timeout: DEADLINE_MS }),
    toBeHidden: () => locator.waitFor({ state: "hidden", timeout: DEADLINE_MS }),
    toHaveCount: (count) => until(() => locator.count(), (seen) => seen === count, `${count} of ${locator}`),
    toHaveValue: (value) => until(() => locator.inputValue(), (seen) => seen === value, `${locator} has the value ${JSON.stringify(value)}`),
    toHaveText: (text) => until(() => locator.innerText(), (seen) => seen.includes(text), `${locator} says ${text}`),
    toBeFocused: () => until(() => locator.evaluate((it) => it === document.activeElement), Boolean, `${locator} has the focus`),
  };
}
