// One story's world: a directory, a port for the broker that its people share, a browser, and the people.

import { test } from "node:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { launch, noBrowser } from "./browser.mjs";
import { Person, befriend } from "./person.mjs";
import { freePort, reportSkip } from "./processes.mjs";

/// No story takes longer, on two slow cores that it shares.
const STORY_MS = 180_000;

export class World {
  people = [];

  static async begin() {
    const world = new World();
    world.home = await mkdtemp(path.join(tmpdir(), "kith-e2e-"));
    world.port = await freePort();
    world.browser = await launch();
    return world;
  }

  /// Somebody whose Kith runs and shows the welcome.
  async person(name, look) {
    const person = new Person(this, name, look);
    this.people.push(person);
    await person.start();
    return person;
  }

  /// Two contacts.
  async friends(look) {
    const alice = await this.person("Alice", look);
    const bob = await this.person("Bob", look);
    await alice.welcome();
    await bob.welcome();
    await befriend(alice, bob);
    return { alice, bob };
  }

  /// What everybody's Kith said last, and what is on their screens: for the report of a failure.
  async lastWords() {
    const said = this.people.map(async ({ name, kith, page }) => {
      const screen = await page?.locator("body").ariaSnapshot({ timeout: 2000 }).catch((error) => String(error));
      return `---- ${name}\n${kith?.lastWords}\n${screen}\n${page?.faults.join("\n")}`;
    });
    return (await Promise.all(said)).join("\n");
  }

  async end() {
    await Promise.allSettled(this.people.map((person) => person.end()));
    await this.browser.close();
    await rm(this.home, { recursive: true, force: true });
  }
}

/// Tells a story in a world of its own, or says why it cannot be told here.
export function story(name, tell) {
  test(name, { timeout: STORY_MS }, async (t) => {
    if (noBrowser) {
      reportSkip(name, noBrowser);
      t.skip(noBrowser);
      return;
    }
    const world = await World.begin();
    try {
      await tell(world);
      world.people.forEach((person) => person.checkFaults());
    } catch (error) {
      throw new Error(`${error.stack}\n${await world.lastWords()}`, { cause: error });
    } finally {
      await world.end();
    }
  });
}
