// What `cargo xtask demo` shows without a display: two pages past the welcome, and Alice's request waiting in Bob's.
//
//   node demo.mjs ALICES-ADDRESS BOBS-ADDRESS

import { launch, open } from "./lib/browser.mjs";
import { expect } from "./lib/expect.mjs";

const browser = await launch();
try {
  const [alice, bob] = await Promise.all(
    process.argv.slice(2).map(async (address) => {
      const page = await open(browser);
      await page.goto(address);
      await expect(page.getByRole("heading", { name: "Kith", exact: true })).toBeVisible();
      return page;
    }),
  );
  await bob.getByRole("button", { name: /^Requests, 1 waiting/ }).click();
  const request = bob.getByRole("listitem").filter({ hasText: "Alice" });
  await request.getByRole("button", { name: /^Accept/ }).click();
  const chat = (page, name) => page.getByRole("list", { name: "Chats" }).getByRole("button", { name });
  await expect(chat(bob, /Alice/)).toBeVisible();
  // Bob stays in her list, from somebody who was asked to somebody to write to.
  await chat(bob, /Alice/).click();
  await bob.getByRole("textbox", { name: "Message", exact: true }).fill("Hello Alice");
  await bob.getByRole("button", { name: "Send" }).click();
  await expect(chat(alice, /Hello Alice/)).toBeVisible();
} finally {
  await browser.close();
}
