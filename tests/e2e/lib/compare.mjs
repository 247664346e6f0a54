// Two pictures of the same screen: how much of one is another than in the other.

import { readFile, writeFile, readdir, mkdir } from "node:fs/promises";
import path from "node:path";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";

/// How far a pixel's colour may be off (0 to 1) before it counts: the edge of a letter may be drawn a shade lighter.
export const COLOUR = 0.15;
/// How many pixels of a picture may count: 0.01 %, a hundred on a desktop. The smallest badge has four hundred.
export const PIXELS = 0.0001;

/// Compares two PNG files; gives what is wrong, or nothing. `difference` is where a picture of it goes.
export async function differs(kept, made, difference) {
  const [a, b] = (await Promise.all([readFile(kept), readFile(made)])).map((bytes) => PNG.sync.read(bytes));
  if (a.width !== b.width || a.height !== b.height) {
    return `it is ${b.width}×${b.height} and was ${a.width}×${a.height}`;
  }
  const shown = new PNG({ width: a.width, height: a.height });
  const count = pixelmatch(a.data, b.data, shown.data, a.width, a.height, { threshold: COLOUR });
  const share = count / (a.width * a.height);
  if (share <= PIXELS) return undefined;
  if (difference) {
    await mkdir(path.dirname(difference), { recursive: true });
    await writeFile(difference, PNG.sync.write(shown));
  }
  return `${(100 * share).toFixed(3)} % of it changed`;
}

/// Compares every kept picture with the one of the same name; gives a line for each that is missing or changed.
export async function compareAll(keptDir, madeDir, differenceDir) {
  const names = (await readdir(keptDir)).filter((name) => name.endsWith(".png")).sort();
  const made = new Set(await readdir(madeDir));
  const offences = [];
  for (const name of names) {
    const at = (dir) => path.join(dir, name);
    const why = made.has(name) ? await differs(at(keptDir), at(madeDir), at(differenceDir)) : "it was not made";
    if (why) offences.push(`${name}: ${why}`);
  }
  return { names, offences };
}
