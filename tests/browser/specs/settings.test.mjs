// Network and node, and who pays the fees: every state of the chain has its sentence and its way
// out. The core is the real one; where a state cannot be had on a sound network, its answer is
// altered on the way, and what the person then decides goes to the core unaltered. Networks that fail
// in earnest are in failures.test.mjs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESK, PATIENCE, call, launch, openAs } from "../app.mjs";

let browser, app, page;
const section = (name) => page.locator("section", { has: page.getByRole("heading", { level: 2, name, exact: true }) });
const button = (name) => page.getByRole("button", { name, exact: true });

before(async () => {
  browser = await launch();
  app = await openAs(browser, "patient", { size: DESK });
  page = app.page;
});
after(async () => browser.close());

// Alters the answer to one command, from the next page on.
async function altered(name, alter) {
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.route("**/api/call", async (route) => {
    if (route.request().postDataJSON()?.name !== name) return route.continue();
    const response = await route.fetch();
    const { status, body } = alter(await response.json());
    await route.fulfill({ response, status: status ?? response.status(), json: body });
  });
  // The core's own news would tell of a sound chain.
  await page.route("**/api/events*", (route) => route.abort());
}
const node = (change) => altered("node_status", (view) => ({ body: { ...view, ...change(view) } }));
const unproven = (reason) => () => ({ synced: false, standing: { state: "unproven", reason } });

test("the node's standing, its endpoints and what guards them are on the screen", async () => {
  await app.go("/settings");
  const network = section("Network and node");
  await network.getByText(/Verified up to (height )?[\d,]+/).waitFor();
  await button("Check the nodes").click();
  await network.getByText("Blocks and proofs").first().waitFor();
  await network.getByText(/answered|agrees at/).first().waitFor();
  await network.getByText(/witness/i).first().waitFor();
  await network.getByText("How do we know?").click();
  await network.getByText("Checkpoint’s hash").waitFor();
});

for (const [reason, pill, title] of [
  ["network_unreachable", "Offline", "No node can be reached"],
  ["clock_skew", "Clock wrong", "This device’s clock is wrong"],
  ["trust_expired", "Too long offline", "This wallet was offline for too long"],
  ["node_untrusted", "Not believed", "A node answered what it cannot prove"],
  ["proof_unavailable", "No proof", "No node gave a proof"],
]) {
  test(`${reason} is said at the top and in the settings`, async () => {
    await node(unproven(reason));
    await app.go("/settings");
    await page.locator("a.net", { hasText: pill }).first().waitFor();
    const network = section("Network and node");
    await network.getByRole("alert").getByText(title).waitFor();
    await network.locator(".mark.bad", { hasText: "Could not be verified" }).first().waitFor();
  });
}

test("a slow clock is told by how much", async () => {
  const proven = new Date(Date.now() + 3 * 3_600_000).toISOString();
  await node(() => ({ ...unproven("clock_skew")(), trusted_time: proven }));
  await app.go("/settings");
  await section("Network and node").getByText(/at least (3 hours|1\d\d minutes) slow/).waitFor();
});

test("a block that waits for the next one says so", async () => {
  await node(() => ({ standing: { state: "pending", height: 41 } }));
  await app.go("/settings");
  await section("Network and node").locator(".mark.waiting[title*='42']").first().waitFor();
});

test("after a contradiction the evidence is shown, and only a person goes on", async () => {
  await node(() => ({
    ...unproven("witness_conflict")(),
    conflict: {
      height: 7, common_height: 6, finding: "fork", followed: "http://a.example", contradicting: "http://b.example",
      signed_both: 2, stops: true, evidence: "/evidence/7.json",
    },
  }));
  await app.go("/settings");
  const alert = section("Network and node").getByRole("alert");
  await alert.getByText("2 validators have signed both", { exact: false }).waitFor();
  await alert.getByText("/evidence/7.json").waitFor();
  await alert.getByRole("button", { name: "Copy" }).waitFor();
  await alert.getByRole("button", { name: "Go on" }).click();
  const sheet = page.getByRole("dialog", { name: "Go on after a contradiction" });
  const on = sheet.getByRole("button", { name: "Go on", exact: true });
  assert.ok(await on.isDisabled(), "nothing goes on by one press");
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "hidden" });
  await alert.getByRole("button", { name: "Go on" }).click();
  await sheet.getByRole("checkbox").check();
  await on.click();
  await page.getByText("The chain is followed again.").waitFor();
});

test("a lapsed trust begins anew only from a block that was compared, and only where it is needed", async () => {
  await node((view) => ({ ...unproven("trust_expired")(), anchor: { ...view.anchor, lapsed: true } }));
  await app.go("/settings");
  await section("Network and node").getByRole("button", { name: "Begin anew from a checkpoint" }).click();
  const sheet = page.getByRole("dialog", { name: "Begin anew from a checkpoint" });
  assert.match(await sheet.getByTestId("checkpoint-hash").textContent(), /^(0x)?[0-9a-fA-F]{64}$/);
  const groups = await sheet.locator(".hash-group").allTextContents();
  assert.ok(groups.length >= 16 && groups.every((group) => group.length <= 4), "the hash is compared by groups");
  await sheet.getByText("A new checkpoint is not needed", { exact: false }).waitFor();
  const begin = sheet.getByRole("button", { name: "Begin from this block" });
  assert.ok(await begin.isDisabled());
  await sheet.getByRole("checkbox").check();
  await begin.click();
  // The chain is sound: the core does not let go of what it trusts.
  await sheet.getByRole("alert").getByText("Something entered is not right", { exact: false }).waitFor();
});

test("a fee that is paid in ether is told in ether", async () => {
  await altered("send_preview", (view) => ({ body: { ...view, max_fee: "21000000000000", fee_denom: "wei" } }));
  const { contacts } = (await call(page, "contacts", app.profile)).body;
  await app.go("/wallet");
  await button("Send").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("To", { exact: true }).fill(contacts[0].address);
  await dialog.getByLabel("Amount in DHL").fill("0.5");
  await dialog.getByRole("button", { name: "Continue" }).click();
  await dialog.getByText("at most 0.000021 ETH", { exact: true }).waitFor();
});

test("a balance that nobody could prove is not shown as nothing", async () => {
  await altered("balance", () => ({ status: 400, body: { code: "network_unreachable", message: "" } }));
  await app.go("/wallet");
  await page.getByText("Not reachable").first().waitFor();
  assert.equal(await page.locator("p.amount").count(), 0);
  await altered("balance", (view) => ({ body: { ...view, amount: "0", standing: { state: "unproven", reason: "proof_unavailable" } } }));
  await page.reload();
  await page.locator("p.amount", { hasText: "Not known" }).waitFor();
});

test("a sponsor is added by its address, asked always if wanted, and removed", { timeout: 2 * PATIENCE }, async () => {
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await app.go("/settings");
  const sponsors = section("Who pays the fees");
  const address = sponsors.getByLabel("The sponsor’s address");
  const add = sponsors.getByRole("button", { name: "Add a sponsor" });
  for (const [wrong, said] of [
    ["nobody", "An address begins with /ip4/"],
    ["/ip4/127.0.0.1/tcp/4001", "An address begins with /ip4/"],
    ["/dns4/example.org/tcp/1/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", "Names (/dns4/…) are not looked up"],
  ]) {
    await address.fill(wrong);
    await sponsors.getByText(said, { exact: false }).waitFor();
    assert.ok(await add.isDisabled(), wrong);
  }
  const right = "/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
  await address.fill(right);
  await add.click();
  await sponsors.getByRole("listitem").getByText(right).waitFor();
  const said = page.waitForResponse((response) => response.request().postDataJSON()?.name === "sponsor_use");
  await sponsors.getByRole("checkbox").check();
  await said;
  const known = (await call(page, "sponsors", app.profile)).body;
  assert.deepEqual([known.always, known.sponsors.length], [true, 1]);
  await sponsors.getByRole("button", { name: "Remove this sponsor" }).click();
  await sponsors.getByText("No sponsor.", { exact: false }).waitFor();
  await call(page, "sponsor_use", app.profile, { always: false });
  assert.deepEqual(app.problems.filter((p) => !p.includes("ERR_FAILED")), []);
});
