// One person: a Kith process of theirs, and a browser page that shows it. Everything is found by its role and its name, as
// somebody who cannot see the screen finds it.

import { expect, until } from "./expect.mjs";
import { open } from "./browser.mjs";
import { KITH, Program } from "./processes.mjs";

/// For a click whose target may go away.
const IMPATIENT_MS = 500;
/// What the marks of own messages are called. What was read was delivered too.
export const MARK = { queued: /^Queued/, sent: /^Sent/, delivered: /^(Delivered|Read)/, read: /^Read/, come: /^(Sent|Delivered|Read)/ };

export class Person {
  constructor(world, name, look) {
    Object.assign(this, { world, name, look });
  }

  /// Starts their Kith, and their page when there is none yet.
  async start() {
    const { home, port, browser } = this.world;
    const args = ["--browser", "--data", `${home}/${this.name}`, "--local-broker", `127.0.0.1:${port}`, "--no-default-ice"];
    this.kith = new Program(KITH, args, { KITH_HOME: `${home}/home`, KITH_LOG: process.env.KITH_LOG ?? "kith=info" });
    this.url = await this.kith.line((line) => line.startsWith("http://"));
    this.page ??= await open(browser, this.look);
    await this.page.goto(this.url);
  }

  /// Their process dies and starts again on the same files; the page goes to the new address.
  async restart() {
    await this.kith.kill();
    await this.start();
  }

  // ---- finding

  role(role, name, options = {}) {
    return this.page.getByRole(role, { name, exact: typeof name === "string", ...options });
  }

  button(name) {
    return this.role("button", name);
  }

  field(name) {
    return this.role("textbox", name);
  }

  heading(name) {
    return this.role("heading", name);
  }

  /// A conversation in the list of chats: of a contact, not of somebody who was only asked.
  chat(name) {
    return this.role("list", "Chats").getByRole("button", { name: new RegExp(`^${name}(?!.*Waits for their answer)`) });
  }

  /// Somebody in the list of requests, either way.
  request(name) {
    const answer = this.page.getByRole("button", { name: /^(Accept|Cancel request)/ });
    return this.page.getByRole("listitem").filter({ hasText: name, has: answer });
  }

  /// What asks before something is done.
  get dialog() {
    return this.page.getByRole("dialog").or(this.page.getByRole("alertdialog"));
  }

  get log() {
    return this.role("log", "Messages");
  }

  /// A message in the open conversation.
  message(text) {
    return this.log.getByRole("article").filter({ hasText: text });
  }

  /// The mark of an own message.
  mark(text, name) {
    return this.message(text).getByRole("img", { name });
  }

  /// The menu of a message, asked for as with a mouse.
  async menu(text) {
    await this.message(text).first().click({ button: "right", position: { x: 12, y: 12 } });
    await expect(this.page.getByRole("menu")).toBeVisible();
  }

  /// Chooses what shall be done with a message.
  async does(text, what) {
    await this.menu(text);
    await this.page.getByRole("menuitem", { name: what, exact: true }).click();
    await expect(this.page.getByRole("menu")).toBeHidden();
  }

  /// A reaction beside some message of the open conversation.
  reaction(who, emoji) {
    return this.log.getByRole("button", { name: `${who} reacted with ${emoji}`, exact: true });
  }

  // ---- doing

  /// The first start: a name, and people on this computer.
  async welcome() {
    await expect(this.heading("Welcome to Kith")).toBeVisible();
    await this.field("Your name").fill(this.name);
    await this.button("Continue").click();
    await this.role("radio", /^Only on this computer/).check();
    await this.button("Start").click();
    await expect(this.heading("Kith")).toBeVisible();
  }

  /// Back to the list, however deep they are.
  async goHome() {
    const back = this.button("Back");
    // The button may be gone between the look and the click: the answer to the click before was still on its way.
    await until(
      async () => {
        if (await back.isVisible()) await back.click({ timeout: IMPATIENT_MS }).catch(() => {});
        return (await back.isVisible()) || !(await this.heading("Kith").isVisible());
      },
      (deep) => !deep,
      "the list of chats",
    );
  }

  /// Opens a screen by its button in the list.
  async goTo(button, heading = button) {
    await this.goHome();
    await this.button(button).click();
    await expect(this.heading(heading)).toBeVisible();
  }

  async link() {
    await this.goTo("Add a contact");
    const link = await this.field("Your link").inputValue();
    await this.goHome();
    return link;
  }

  async asks(link) {
    await this.goTo("Add a contact");
    await this.field("Their link").fill(link);
    await this.button("Send request").click();
    await expect(this.page.getByText("Your request is on its way")).toBeVisible();
    await this.goHome();
  }

  async accepts(name) {
    await this.goHome();
    await this.button(/^Requests, 1 waiting/).click();
    const request = this.request(name);
    await request.getByRole("button", { name: /^Accept/ }).click();
    await expect(request).toBeHidden();
    await this.goHome();
  }

  async opens(name) {
    const there = this.heading(name);
    if (!(await there.isVisible())) {
      await this.goHome();
      await this.chat(name).click();
    }
    await expect(there).toBeVisible();
    await expect(this.field("Message")).toBeVisible();
  }

  async writes(text) {
    await this.field("Message").fill(text);
    await this.button("Send").click();
    await expect(this.message(text)).toBeVisible();
    await expect(this.field("Message")).toHaveValue("");
  }

  /// Nothing in the page went wrong that nobody saw.
  checkFaults() {
    if (this.page?.faults.length) throw new Error(`${this.name}'s page: ${this.page.faults.join("\n")}`);
  }

  async end() {
    await this.page?.context().close();
    await this.kith?.end();
  }
}

/// Makes two people contacts: one asks by the other's link.
export async function befriend(asked, asker) {
  await asker.asks(await asked.link());
  await asked.accepts(asker.name);
  await expect(asker.chat(asked.name)).toBeVisible();
  await expect(asked.chat(asker.name)).toBeVisible();
}
