// Pictures of every screen, phone and desktop, light and dark, from the gallery: people, ids and the time are fixed.
//
//   node pictures.mjs FOLDER [PART …]     makes them; with parts, only those whose names contain one
//   node pictures.mjs --compare FOLDER    makes what is kept in pictures/ and says what changed (differences in FOLDER/differences)
//
// A name is SCREEN-SIZE-THEME.png. Ends with 1 when something changed.

import { mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { SIZES, THEMES, launch, noBrowser, open } from "./lib/browser.mjs";
import { compareAll } from "./lib/compare.mjs";
import { Gallery, SCREENS } from "./lib/gallery.mjs";

/// Where the kept ones are.
export const KEPT = path.join(path.dirname(fileURLToPath(import.meta.url)), "pictures");
/// Phones have two pixels where a page counts one.
const SCALE = { phone: 2, desktop: 1 };

/// Makes the pictures whose names are wanted.
export async function makePictures(folder, wanted) {
  await mkdir(folder, { recursive: true });
  const gallery = await Gallery.begin();
  const browser = await launch();
  try {
    for (const [size, viewport] of Object.entries(SIZES)) {
      for (const theme of THEMES) {
        for (const screen of SCREENS) {
          const name = `${screen.name}-${size}-${theme}.png`;
          if (!wanted(name)) continue;
          const page = await open(browser, { size: viewport, theme, scale: SCALE[size] });
          await gallery.show(page, screen);
          // No blinking line in a field, no ring around what was clicked by chance.
          await page.mouse.move(0, 0);
          await page.screenshot({ path: path.join(folder, name), animations: "disabled", caret: "hide" });
          await page.context().close();
        }
      }
    }
  } finally {
    await browser.close();
    await gallery.end();
  }
}

/// Makes what is kept, and compares it.
export async function comparePictures(folder) {
  const kept = new Set(await readdir(KEPT).catch(() => []));
  await rm(folder, { recursive: true, force: true });
  await makePictures(folder, (name) => kept.has(name));
  return compareAll(KEPT, folder, path.join(folder, "differences"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [first, ...rest] = process.argv.slice(2);
  if (noBrowser) {
    console.error(noBrowser);
    process.exit(2);
  } else if (first === "--compare" && rest.length === 1) {
    const { names, offences } = await comparePictures(rest[0]);
    offences.forEach((line) => console.log(line));
    console.log(`${names.length} pictures, ${offences.length} changed`);
    process.exit(offences.length ? 1 : 0);
  } else if (first && !first.startsWith("-")) {
    await makePictures(first, (name) => rest.length === 0 || rest.some((part) => name.includes(part)));
  } else {
    console.error("node pictures.mjs FOLDER [PART …] | --compare FOLDER");
    process.exit(2);
  }
}
