// Chromium as Debian has it: found, started with a profile of its own that is thrown away, never downloaded.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

import { DEADLINE_MS } from "./processes.mjs";

const CHROMIUM = process.env.KITH_CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // The same letters at the same places on every run.
  "--font-render-hinting=none",
  "--disable-lcd-text",
  "--force-color-profile=srgb",
];

/// The two shapes of the window.
export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 800 };
export const SIZES = { phone: PHONE, desktop: DESKTOP };
export const THEMES = ["light", "dark"];

/// Why there is no browser; nothing when there is one.
export const noBrowser = existsSync(CHROMIUM) ? undefined : `Chromium is not installed (${CHROMIUM})`;

export function launch() {
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS, timeout: DEADLINE_MS });
}

/// A page of its own, with nothing kept from any other.
export async function open(browser, { size = DESKTOP, theme = "light", scale = 1 } = {}) {
  const context = await browser.newContext({
    viewport: size,
    colorScheme: theme,
    deviceScaleFactor: scale,
    reducedMotion: "reduce",
    hasTouch: size.width < 720,
    locale: "en-US",
    timezoneId: "UTC",
  });
  context.setDefaultTimeout(DEADLINE_MS);
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("console", (message) => {
    // A server that a story has stopped is missed by the page, as it should be.
    if (message.type() === "error" && !/net::ERR_|WebSocket|404/.test(message.text())) page.faults.push(message.text());
  });
  return page;
}
