// Two people who have never met: welcome, request, acceptance, words both ways.

import assert from "node:assert/strict";

import { expect } from "../lib/expect.mjs";
import { MARK } from "../lib/person.mjs";
import { story } from "../lib/world.mjs";

/// Bob has Alice's link, asks, is accepted, and each reads what the other writes.
story("two_people_meet_and_write", async (world) => {
  const alice = await world.person("Alice");
  const bob = await world.person("Bob");
  await alice.welcome();
  await bob.welcome();

  await bob.asks(await alice.link());
  await bob.goTo("Requests");
  await expect(bob.role("list", "Sent requests").getByRole("heading", { name: "Alice" })).toBeVisible();
  await alice.accepts("Bob");
  await expect(bob.chat("Alice")).toBeVisible();

  await bob.opens("Alice");
  await bob.writes("Hello Alice");
  await alice.opens("Bob");
  await expect(alice.message("Hello Alice")).toBeVisible();
  await expect(bob.mark("Hello Alice", MARK.delivered)).toBeVisible();
  await alice.writes("Hello Bob\nhow are you?");
  await expect(bob.message("how are you?")).toBeVisible();
  await expect(alice.mark("how are you?", MARK.delivered)).toBeVisible();
  await expect(alice.page.getByRole("status").first()).toHaveText("Connected to 1 person");
});

/// A request that is declined goes away, and whoever asked learns nothing.
story("a_declined_request_goes_away", async (world) => {
  const alice = await world.person("Alice");
  const bob = await world.person("Bob");
  await alice.welcome();
  await bob.welcome();
  await bob.asks(await alice.link());
  await alice.button(/^Requests, 1 waiting/).click();
  const request = alice.request("Bob");
  await request.getByRole("button", { name: "Decline" }).click();
  await expect(request).toBeHidden();
  await alice.goHome();
  await expect(alice.button("Requests")).toBeVisible();
  await bob.goTo("Requests");
  await bob.button("Cancel request").click();
  await expect(bob.button("Cancel request")).toBeHidden();
});

/// A link that is none is refused in words, and nothing is lost of what was typed.
story("a_wrong_link_is_refused_in_words", async (world) => {
  const alice = await world.person("Alice");
  await alice.welcome();
  await alice.goTo("Add a contact");
  await alice.field("Their link").fill("https://example.com/");
  await alice.button("Send request").click();
  await expect(alice.page.getByRole("alert")).toBeVisible();
  await expect(alice.field("Their link")).toHaveValue("https://example.com/");
});

/// Two pages of the same Kith show the same, each at its own place.
story("two_tabs_show_the_same", async (world) => {
  const { alice, bob } = await world.friends();
  const second = await alice.page.context().newPage();
  await second.goto(alice.url);
  await second.getByRole("list", { name: "Chats" }).getByRole("button", { name: /Bob/ }).waitFor();
  await alice.opens("Bob");
  await alice.writes("Seen twice");
  await expect(second.getByText("Seen twice")).toBeVisible();
  await bob.opens("Alice");
  await expect(bob.message("Seen twice")).toBeVisible();
  // A page that is loaded anew is where everybody begins, with everything there.
  await alice.page.reload();
  await alice.opens("Bob");
  await expect(alice.message("Seen twice")).toHaveCount(1);
});

/// A nickname is one's own; a contact who is removed is gone.
story("a_contact_is_named_and_removed", async (world) => {
  const { alice, bob } = await world.friends();
  await alice.opens("Bob");
  await alice.button("Details").click();
  await expect(alice.role("region", "Safety number")).toBeVisible();
  const number = await alice.role("region", "Safety number").innerText();
  await alice.field("Nickname").fill("Bobby");
  await alice.button("Save").click();
  await expect(alice.chat("Bobby")).toBeVisible();
  await bob.opens("Alice");
  await bob.button("Details").click();
  await expect(bob.heading("Safety number")).toBeVisible();
  assert.equal(await bob.role("region", "Safety number").innerText(), number, "both see the same number");

  await alice.button("Remove contact").click();
  await alice.dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(alice.dialog).toBeHidden();
  await alice.button("Remove contact").click();
  await alice.dialog.getByRole("button", { name: "Remove contact" }).click();
  await expect(alice.chat("Bobby")).toBeHidden();
});
