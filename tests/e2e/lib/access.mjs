// What axe-core finds wrong for people who see, hear or move otherwise; and where the keyboard goes.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/// More stops than any screen has.
const STOPS_MAX = 80;

/// Everything that is wrong on this screen, a text for each.
export async function violations(page) {
  // Evaluated from outside: the page's own policy lets nothing foreign in, and shall not be weakened for a test.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  const found = await page.evaluate(
    (values) => globalThis.axe.run(document, { runOnly: { type: "tag", values }, resultTypes: ["violations"] }),
    RULES,
  );
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${help}\n    ${html.slice(0, 200)}\n    ${any.map((a) => a.message).join("; ")}`),
  );
}

/// Goes once around with Tab: a line for each stop.
export async function tabStops(page) {
  // From the top: a browser goes on from where somebody was last.
  await page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
  });
  const stops = [];
  for (let n = 0; n < STOPS_MAX; n += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const at = document.activeElement;
      if (at === null || at === document.body) return null;
      globalThis.kithStops ??= new WeakMap();
      const seen = globalThis.kithStops.has(at);
      globalThis.kithStops.set(at, true);
      const look = getComputedStyle(at);
      const box = at.getBoundingClientRect();
      const ring = (look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0) || look.boxShadow !== "none";
      const label = at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent ?? "";
      return { seen, ring, name: `${at.tagName.toLowerCase()} ${label.trim().slice(0, 60)}`, x: box.x, y: box.y, width: box.width };
    });
    if (stop === null || stop.seen) break;
    stops.push(stop);
  }
  await page.evaluate(() => { delete globalThis.kithStops; });
  return stops;
}

/// Presses Tab until this has the focus.
export async function tabTo(page, locator) {
  for (let n = 0; n < STOPS_MAX; n += 1) {
    if (await locator.evaluate((it) => it === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${locator} is not reached by Tab`);
}
