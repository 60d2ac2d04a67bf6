// Network and node where things fail in earnest: no node, a dead witness, a node that lies, two
// chains signed by the same validators, a trust that has lapsed. Nothing is altered on the way from
// the core to the screen.
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DESK, PATIENCE, call, launch, openApp } from "../app.mjs";
import { NOWHERE, liar, place } from "../program.mjs";

const PASSWORD = "correct horse battery staple";
let browser, here, sound, fork, node;

before(async () => {
  browser = await launch();
  here = place();
  // The same network twice: copied, keys and all, it goes on as two.
  const first = await here.devnet("one", 200);
  await reaches(first.rpc, 8);
  await first.stop();
  cpSync(join(here.folder, "one"), join(here.folder, "other"), { recursive: true });
  // The other is always ahead, so that it has something to say of each of the one's blocks.
  fork = await here.devnet("other", 100);
  await reaches(fork.rpc, 30);
  node = await here.devnet("one", 200);
  await reaches(node.rpc, 14);
  sound = here.network("one");
});
after(async () => {
  await browser?.close();
  await here?.end();
});

const head = async (url) => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "commit", params: {} }),
  });
  return Number((await response.json()).result.signed_header.header.height);
};
async function reaches(url, height) {
  while ((await head(url)) < height);
}

// The settings of a new person on this network.
async function settings(name, change) {
  const address = await here.app(name, { ...sound, ...change });
  const app = await openApp(browser, { size: DESK, address });
  const [profile] = (await call(app.page, "app_state")).body.profiles;
  const made = await call(app.page, "vault_create", profile.id, { words: 12, password: PASSWORD });
  assert.ok(made.ok, JSON.stringify(made.body));
  await app.go("/settings");
  const network = app.page.locator("section", { has: app.page.getByRole("heading", { level: 2, name: "Network and node", exact: true }) });
  await network.getByRole("button", { name: "Check the nodes" }).click();
  return { ...app, network, profile: profile.id };
}

test("no node answers: it is said, and nothing is shown as verified", { timeout: 2 * PATIENCE }, async () => {
  const { page, network, context } = await settings("absent", { rpc: [NOWHERE], evm: [NOWHERE], witnesses: [] });
  await network.getByRole("alert").getByText("No node can be reached").waitFor();
  await network.getByText("Nothing verified yet").waitFor();
  await page.locator("a.net", { hasText: "Offline" }).waitFor();
  await network.getByText("The network cannot be reached.").first().waitFor();
  await context.close();
});

test("a witness that does not answer confirms nothing", { timeout: 2 * PATIENCE }, async () => {
  const { network, context } = await settings("alone", { witnesses: [NOWHERE] });
  await network.getByText(/Verified up to height [\d,]+, of today/).waitFor();
  await network.getByText("No witness answers", { exact: false }).waitFor();
  await network.getByRole("listitem").filter({ hasText: NOWHERE }).locator(".mark.bad").waitFor();
  await context.close();
});

test("a node that lies about a block is not believed", { timeout: 2 * PATIENCE }, async () => {
  const lying = await liar(node.rpc, (answer) => answer.replace(/("app_hash":\s*")([0-9A-Fa-f])/g, (_, key, digit) => key + (digit === "0" ? "1" : "0")));
  const { page, network, context } = await settings("lied-to", { rpc: [lying.url], witnesses: [] });
  await network.getByRole("alert").getByText("A node answered what it cannot prove").waitFor();
  await page.locator("a.net", { hasText: "Not believed" }).waitFor();
  await network.getByText("Nothing verified yet").waitFor();
  lying.close();
  await context.close();
});

test("two chains signed by the same validators stop the app until a person decides", { timeout: 3 * PATIENCE }, async () => {
  const { page, network, context } = await settings("forked", { witnesses: [fork.rpc] });
  const alert = network.getByRole("alert");
  await alert.getByText("Stopped until you decide").waitFor();
  await alert.getByText(/validators have signed both/).waitFor();
  await alert.getByText(/conflict\.json/).waitFor();
  await page.locator("a.net", { hasText: "Nodes disagree" }).waitFor();
  await alert.getByRole("button", { name: "Go on" }).click();
  const sheet = page.getByRole("dialog", { name: "Go on after a contradiction" });
  const on = sheet.getByRole("button", { name: "Go on", exact: true });
  assert.ok(await on.isDisabled());
  await sheet.getByRole("checkbox").check();
  await on.click();
  await page.getByText("The chain is followed again.").waitFor();
  await context.close();
});

test("what the nodes contradict each other about cannot be trusted", { timeout: 2 * PATIENCE }, async () => {
  const { page, network, context } = await settings("disputed", { witnesses: [fork.rpc], trust: { ...sound.trust, period_s: 5 } });
  await network.getByRole("alert").getByText("This wallet was offline for too long").waitFor();
  await network.getByRole("button", { name: "Begin anew from a checkpoint" }).click();
  const sheet = page.getByRole("dialog", { name: "Begin anew from a checkpoint" });
  await sheet.getByRole("alert").getByText("The nodes do not agree on this block").waitFor();
  await sheet.getByText("Another block is shown by").waitFor();
  assert.equal(await sheet.getByRole("checkbox").count(), 0);
  assert.equal(await sheet.getByRole("button", { name: "Begin from this block" }).count(), 0);
  await sheet.getByRole("button", { name: "Close", exact: true }).last().click();
  await sheet.waitFor({ state: "hidden" });
  await context.close();
});

test("a trust that has lapsed begins anew from a block that was compared", { timeout: 2 * PATIENCE }, async () => {
  // Longer than a block takes to be shown and compared, shorter than the network is old.
  const { page, network, context, profile } = await settings("lapsed", { trust: { ...sound.trust, period_s: 5 } });
  await network.getByRole("alert").getByText("This wallet was offline for too long").waitFor();
  await page.locator("a.net", { hasText: "Too long offline" }).waitFor();
  await network.getByRole("button", { name: "Begin anew from a checkpoint" }).click();
  const sheet = page.getByRole("dialog", { name: "Begin anew from a checkpoint" });
  await sheet.getByTestId("checkpoint-hash").waitFor();
  await sheet.getByText("Shown by").waitFor();
  await sheet.getByRole("checkbox").check();
  await sheet.getByRole("button", { name: "Begin from this block" }).click();
  await page.getByText("Trust begins anew from this block.").waitFor();
  const { body } = await call(page, "node_status", profile);
  assert.equal(body.anchor.origin, "person");
  await network.getByText("which you compared yourself", { exact: false }).waitFor();
  await context.close();
});
