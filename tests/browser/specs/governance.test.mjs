// The rules that every access follows, and a holder's vote on other ones.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESK, PATIENCE, call, launch, openAs, people, unlock } from "../app.mjs";

let browser, app, page;
before(async () => {
  browser = await launch();
  app = await openAs(browser, "hospital", { size: DESK });
  page = app.page;
  await unlock(page, app.profile);
  const { hospital } = await people(page);
  await done("devnet_fund", { to: hospital.address, amount: "150000000" });
});
after(async () => browser.close());

async function done(name, args) {
  const { ok, body } = await call(page, name, app.profile, args);
  assert.ok(ok, `${name}: ${JSON.stringify(body)}`);
  return body;
}
const section = (name) => page.locator("section", { has: page.getByRole("heading", { level: 2, name, exact: true }) });

test("the rules in force are told in words, each proven", async () => {
  await app.go("/settings");
  await page.getByRole("link", { name: /Rules and votes/ }).click();
  await page.getByRole("heading", { level: 1, name: "Rules and votes" }).waitFor();
  const { templates } = await done("templates", {});
  const cards = section("Rules in force").locator("article");
  await cards.first().waitFor();
  assert.equal(await cards.count(), templates.length);
  assert.equal(await cards.getByText("Proven", { exact: true }).count(), templates.length);
  await cards.filter({ hasText: "Second opinion" }).getByText("14 days").waitFor();
});

test("DHL is locked for votes, and what is no amount is not", { timeout: 2 * PATIENCE }, async () => {
  await app.go("/settings/governance");
  await page.getByRole("button", { name: "Lock DHL" }).click();
  const sheet = page.getByRole("dialog", { name: "DHL for votes" });
  const lock = sheet.getByRole("button", { name: "Lock DHL" });
  await sheet.getByLabel("Amount in DHL").fill("lots");
  await sheet.getByText("Write the amount in digits").waitFor();
  assert.ok(await lock.isDisabled());
  await sheet.getByLabel("Amount in DHL").fill("120000000");
  await sheet.getByText("you can take it back at any moment", { exact: false }).waitFor();
  await lock.click();
  await page.getByText("Locked for votes now: 120,000,000 DHL.").waitFor();
  await section("Your votes").getByText("120,000,000").waitFor();
});

test("a proposal is read in words and voted on once", { timeout: 4 * PATIENCE }, async () => {
  const { proposal } = await done("governance_propose", {
    add: { name: "night-shift", purposes: ["TREAT"], max_window_s: 36_000, actions: ["view"] }, because: "for those who watch at night",
  });
  const state = async () => (await done("governance_list", {})).proposals.find((p) => p.proposal === proposal).state;
  await app.go("/settings/governance");
  const card = section("Proposals").locator("article").filter({ hasText: "night-shift" });
  await card.getByText("for those who watch at night", { exact: false }).waitFor();
  await card.getByText("10 hours").waitFor();
  const deadline = Date.now() + 2 * PATIENCE;
  while ((await state()) !== "active") assert.ok(Date.now() < deadline, "voting never began");
  await page.reload();
  await card.getByText("You have 120,000,000 DHL locked.", { exact: false }).waitFor();
  await card.getByRole("button", { name: "Vote against" }).click();
  await page.keyboard.press("Escape");
  await card.getByRole("button", { name: "Vote for" }).click();
  const sheet = page.getByRole("dialog", { name: "Cast your vote" });
  await sheet.getByText("A vote cannot be changed", { exact: false }).waitFor();
  await sheet.getByRole("button", { name: "Vote for" }).click();
  await card.getByText("You have voted.").waitFor();
  const { proposals } = await done("governance_list", {});
  const counted = proposals.find((p) => p.proposal === proposal);
  assert.equal(counted.for, `120000000${"0".repeat(18)}`);
});

test("what was locked is taken back", { timeout: 2 * PATIENCE }, async () => {
  await app.go("/settings/governance");
  await page.getByRole("button", { name: "Take back" }).click();
  const sheet = page.getByRole("dialog", { name: "DHL for votes" });
  await sheet.getByLabel("Amount in DHL").fill("120000000");
  await sheet.getByRole("button", { name: "Take back" }).click();
  await page.getByText("Locked for votes now: 0 DHL.").waitFor();
  await page.getByText("Nothing is locked", { exact: false }).waitFor();
  assert.deepEqual(app.problems, []);
});
