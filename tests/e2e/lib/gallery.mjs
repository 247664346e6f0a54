// Every screen of the window with the gallery's people behind it: for pictures, and to be looked at by axe-core.

import { expect } from "./expect.mjs";
import { GALLERY, Program, within } from "./processes.mjs";

/// The page has come to rest when nothing in it has changed for so long: an answer of the gallery takes a fifth of that.
const REST_MS = 300;

/// Waits until a page has come to rest: what was opened is read, for example, and then its badge goes.
async function settled(page) {
  const rest = page.evaluate(
    (ms) =>
      new Promise((rested) => {
        let timer = setTimeout(rested, ms);
        const again = () => {
          clearTimeout(timer);
          timer = setTimeout(rested, ms);
        };
        new MutationObserver(again).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      }),
    REST_MS,
  );
  await within(rest, "the page to come to rest");
  await page.evaluate(() => document.fonts.ready);
}

export class Gallery {
  #resets = 0;

  static async begin() {
    const gallery = new Gallery();
    gallery.program = new Program(GALLERY, []);
    await gallery.program.line((line) => line === "ready");
    const lines = gallery.program.lines.map((line) => line.split(" ")).filter((words) => words.length === 2);
    gallery.scenes = Object.fromEntries(lines);
    return gallery;
  }

  /// The first contact of a scene writes.
  say(scene, text) {
    this.program.say(`say ${scene} ${text}`);
  }

  /// Brings a page to a screen of a scene as it began: whoever was here before has read and clicked.
  async show(page, { scene, go }) {
    this.#resets += 1;
    const reset = `reset ${scene} ${this.#resets}`;
    this.program.say(reset);
    await this.program.line((line) => line === reset);
    await page.goto(this.scenes[scene]);
    await page.getByRole("heading", { level: 1 }).first().waitFor();
    await go(page, this, scene);
    await settled(page);
  }

  end() {
    return this.program.end();
  }
}

const button = (name) => (page) => page.getByRole("button", { name, exact: typeof name === "string" }).click();
const heading = (page, name) => page.getByRole("heading", { name, exact: true }).first().waitFor();
const opens = (name) => async (page) => {
  await page.getByRole("list", { name: "Chats" }).getByRole("button", { name }).click();
  await page.getByRole("textbox", { name: "Message", exact: true }).waitFor();
  await page.getByRole("log", { name: "Messages" }).getByRole("article").last().waitFor();
};
const page_ = (name, title) => async (page) => {
  await button(name)(page);
  await heading(page, title);
};
const then = (...steps) => async (page, gallery, scene) => {
  for (const step of steps) await step(page, gallery, scene);
};
/// The menu of the first message that says this; on a phone and on a desktop alike it can be asked for by its button.
const menuOf = (text) => async (page) => {
  const message = page.getByRole("log", { name: "Messages" }).getByRole("article").filter({ hasText: text }).first();
  await message.getByRole("button", { name: /^What you can do/ }).evaluate((it) => it.click());
  await page.getByRole("menu").waitFor();
};
const chooses = (name) => (page) => page.getByRole("menuitem", { name }).click();
const chats = (page) => heading(page, "Kith");
const looks = (text) => async (page) => {
  await page.getByRole("searchbox", { name: "Search" }).fill(text);
  await page.getByText(/^(\d+ found|Nothing found)$/).waitFor({ state: "attached" });
};
const reach = async (page) => {
  await page.getByRole("textbox", { name: "Your name" }).fill("Alice Moreau");
  await button("Continue")(page);
  await page.getByRole("button", { name: "Start" }).waitFor();
};

/// Every screen: its name, the scene it belongs to, and the way to it.
export const SCREENS = [
  { name: "welcome", scene: "welcome", go: (page) => heading(page, "Welcome to Kith") },
  { name: "reach", scene: "welcome", go: reach },
  {
    name: "reach-broker",
    scene: "welcome",
    go: then(reach, async (page) => {
      await page.getByRole("radio", { name: /^Through a broker of mine/ }).check();
      await page.getByRole("textbox", { name: "Broker address" }).waitFor();
    }),
  },
  { name: "empty", scene: "empty", go: chats },
  { name: "chats", scene: "full", go: chats },
  { name: "conversation", scene: "full", go: opens(/Bob Okafor/) },
  { name: "unread", scene: "full", go: opens(/Amélie Laurent/) },
  { name: "right-to-left", scene: "full", go: opens(/يوسف/) },
  { name: "add", scene: "full", go: page_("Add a contact", "Add a contact") },
  {
    name: "add-problem",
    scene: "full",
    go: then(page_("Add a contact", "Add a contact"), async (page) => {
      await page.getByRole("textbox", { name: "Their link" }).fill("https://example.com/");
      await button("Send request")(page);
      await page.getByRole("alert").waitFor();
    }),
  },
  { name: "requests", scene: "full", go: page_(/^Requests/, "Requests") },
  { name: "no-requests", scene: "empty", go: page_(/^Requests/, "Requests") },
  { name: "contact", scene: "full", go: then(opens(/Bob Okafor/), button("Details"), (page) => heading(page, "Safety number")) },
  {
    name: "remove",
    scene: "full",
    go: then(opens(/Bob Okafor/), button("Details"), button("Remove contact"), async (page) => {
      await page.getByRole("dialog").or(page.getByRole("alertdialog")).waitFor();
    }),
  },
  {
    name: "message-info",
    scene: "full",
    go: then(opens(/Bob Okafor/), async (page) => {
      await page.getByRole("button", { name: /^About the message of/ }).last().click();
      await page.getByRole("dialog", { name: "About this message" }).waitFor();
    }),
  },
  { name: "life", scene: "life", go: opens(/Bob Okafor/) },
  { name: "life-huge", scene: "huge", go: opens(/Bob Okafor/) },
  { name: "menu", scene: "life", go: then(opens(/Bob Okafor/), menuOf("A wrong platform")) },
  { name: "menu-theirs", scene: "life", go: then(opens(/Bob Okafor/), menuOf("What was it")) },
  { name: "menu-huge", scene: "huge", go: then(opens(/Bob Okafor/), menuOf("A wrong platform")) },
  { name: "menu-emoji", scene: "life", go: then(opens(/Bob Okafor/), menuOf("What was it"), chooses("More emoji")) },
  {
    name: "reply",
    scene: "life",
    go: then(opens(/Bob Okafor/), menuOf("Boarding closes"), chooses("Reply"), (page) => page.getByText("Reply to Bob Okafor").waitFor()),
  },
  {
    name: "edit",
    scene: "life",
    go: then(opens(/Bob Okafor/), menuOf("A wrong platform"), chooses("Edit"), (page) => page.getByText("Edit your message").waitFor()),
  },
  {
    name: "delete-message",
    scene: "life",
    go: then(opens(/Bob Okafor/), menuOf("A wrong platform"), chooses("Delete"), (page) => page.getByRole("dialog").waitFor()),
  },
  {
    name: "forward",
    scene: "life",
    go: then(opens(/Bob Okafor/), menuOf("Boarding closes"), chooses("Forward"), async (page) => {
      await page.getByRole("checkbox", { name: "Noor van der Berg-Oyelaran" }).check();
      await page.getByRole("button", { name: "Forward to 1 chat" }).waitFor();
    }),
  },
  {
    name: "forward-huge",
    scene: "huge",
    go: then(opens(/Bob Okafor/), menuOf("Boarding closes"), chooses("Forward"), (page) => page.getByRole("dialog").waitFor()),
  },
  {
    name: "typing",
    scene: "life",
    go: then(opens(/Bob Okafor/), async (page, gallery, scene) => {
      gallery.program.say(`type ${scene} on`);
      await page.getByText("Bob Okafor is writing").first().waitFor();
    }),
  },
  { name: "group", scene: "group", go: opens(/Sunday walkers/) },
  { name: "group-huge", scene: "group-huge", go: opens(/Sunday walkers/) },
  { name: "group-page", scene: "group", go: then(opens(/Sunday walkers/), button("Details"), (page) => heading(page, "Members")) },
  {
    name: "group-member",
    scene: "group",
    go: then(opens(/Sunday walkers/), button("Details"), async (page) => {
      await page.getByRole("list", { name: "Members" }).getByRole("button", { name: /^Amélie/ }).click();
      await page.getByRole("button", { name: "Make admin" }).waitFor();
    }),
  },
  {
    name: "group-add",
    scene: "group",
    go: then(opens(/Sunday walkers/), button("Details"), button("Add members"), (page) => page.getByRole("dialog").waitFor()),
  },
  {
    name: "group-leave",
    scene: "group",
    go: then(opens(/Sunday walkers/), button("Details"), button("Leave group"), (page) => page.getByRole("dialog").waitFor()),
  },
  { name: "group-info", scene: "group", go: then(opens(/Sunday walkers/), menuOf("Whoever is late"), chooses("About this message"), (page) => page.getByRole("dialog").waitFor()) },
  { name: "new-group", scene: "group", go: page_("New group", "New group") },
  { name: "arranged", scene: "arranged", go: chats },
  {
    name: "archived",
    scene: "arranged",
    go: then(button(/^Archived/), (page) => page.getByRole("list", { name: "Archived" }).waitFor()),
  },
  {
    name: "chat-menu",
    scene: "arranged",
    go: async (page) => {
      await page.getByRole("list", { name: "Chats" }).getByRole("button", { name: /Bob Okafor/ }).click({ button: "right" });
      await page.getByRole("menu").waitFor();
    },
  },
  { name: "search", scene: "arranged", go: looks("the") },
  { name: "search-cjk", scene: "arranged", go: looks("連絡") },
  { name: "search-nothing", scene: "arranged", go: looks("zeppelin") },
  {
    name: "found",
    scene: "long",
    go: then(looks("lights (4972)"), async (page) => {
      await page.getByRole("list", { name: "Found messages" }).getByRole("button").first().click();
      await page.getByRole("log", { name: "Messages" }).getByRole("article").filter({ hasText: "(4972)" }).waitFor();
    }),
  },
  { name: "settings", scene: "full", go: page_("Settings", "Settings") },
  {
    name: "servers",
    scene: "offline",
    go: then(page_("Settings", "Settings"), (page) =>
      page.getByRole("form", { name: "Servers that help to find a way" }).evaluate((form) => form.scrollIntoView())),
  },
  { name: "connection", scene: "full", go: page_(/^Connection/, "Connection") },
  {
    name: "checkup",
    scene: "full",
    go: then(page_(/^Connection/, "Connection"), button("Check now"), (page) => page.getByText("All is well.", { exact: true }).waitFor()),
  },
  {
    name: "checkup-problems",
    scene: "offline",
    go: then(page_(/^Connection/, "Connection"), button("Check now"), (page) => page.getByText(/^\d things need attention\.$/).waitFor()),
  },
  { name: "offline", scene: "offline", go: chats },
  { name: "offline-conversation", scene: "offline", go: opens(/Carol/) },
  { name: "offline-settings", scene: "offline", go: page_("Settings", "Settings") },
  { name: "hidden-conversation", scene: "hidden", go: opens(/Bob Okafor/) },
  { name: "hidden-contact", scene: "hidden", go: then(opens(/Bob Okafor/), button("Details"), (page) => heading(page, "Your address")) },
  {
    name: "gaps",
    scene: "gaps",
    go: then(opens(/Bob Okafor/), (page) => page.getByRole("list", { name: "What has not arrived" }).waitFor()),
  },
  {
    name: "hidden-settings",
    scene: "hidden",
    go: then(page_("Settings", "Settings"), (page) => page.getByRole("region", { name: "Your address" }).evaluate((part) => part.scrollIntoView())),
  },
];
