// Groups: made, written in, changed and left.

import { expect } from "../lib/expect.mjs";
import { story } from "../lib/world.mjs";

/// Alice makes a group with Bob; both write, an admin is made, and who leaves only reads.
story("a_group_is_made_written_in_and_left", async (world) => {
  const { alice, bob } = await world.friends();
  await alice.goTo("New group");
  await alice.field("Name of the group").fill("Walkers");
  await alice.role("checkbox", "Bob").check();
  await alice.button("Create group").click();
  await expect(alice.heading("Walkers")).toBeVisible();
  await alice.writes("Hello all");

  await expect(bob.chat("Walkers")).toBeVisible();
  await bob.opens("Walkers");
  await expect(bob.message("Hello all")).toBeVisible();
  await expect(bob.message("Hello all").getByText("Alice", { exact: true })).toBeVisible();
  await bob.writes("Hello Alice");
  await expect(alice.message("Hello Alice")).toBeVisible();

  await bob.button("Details").click();
  await expect(bob.heading("Members")).toBeVisible();
  await expect(bob.button("Add members")).toHaveCount(0);
  await alice.button("Details").click();
  await alice.role("list", "Members").getByRole("button", { name: /^Bob/ }).click();
  await alice.button("Make admin").click();
  await expect(bob.button("Add members")).toBeVisible();

  await bob.button("Leave group").click();
  await bob.dialog.getByRole("button", { name: "Leave group" }).click();
  await bob.button("Back").click();
  await expect(bob.page.getByText("You are not in this group any more.").first()).toBeVisible();
  await expect(bob.field("Message")).toHaveCount(0);
  await expect(bob.message("Hello all")).toBeVisible();
  await expect(alice.role("list", "Members").getByRole("listitem")).toHaveCount(1);
});
