// The patient's half, on a phone: unlock, look, share, see who has looked, revoke, earn, send.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PASSWORD, PATIENCE, PHONE, call, launch, lock, openAs, people } from "../app.mjs";

let browser, app, page;
const button = (name) => page.getByRole("button", { name, exact: true });
const heading = (name) => page.getByRole("heading", { level: 1, name });

before(async () => {
  browser = await launch();
  app = await openAs(browser, "patient", { size: PHONE });
  page = app.page;
});
after(async () => browser.close());

test("a locked profile opens with its password, not with another", async () => {
  await lock(page, app.profile);
  await app.go("/records");
  await page.waitForURL(/\/unlock/);
  await page.getByLabel("Password", { exact: true }).fill("not this one");
  await button("Unlock").click();
  await page.getByRole("alert").getByText("That password is not right.").waitFor();
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await button("Unlock").click();
  await heading("Records").waitFor();
  assert.ok(page.url().endsWith("/records"), "back where it was going");
});

test("every part of the app is one tap away", async () => {
  await app.go("/");
  await heading(/.+/).waitFor();
  for (const [name, title] of [["Records", "Records"], ["Sharing", "Sharing"], ["Earn", "Earn"], ["Wallet", "Wallet"]]) {
    await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
    await heading(title).waitFor();
  }
  await page.getByRole("button", { name: /Switch profile/ }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await heading("Settings").waitFor();
});

test("a record says what it is and how that is known", async () => {
  await app.go("/records");
  await page.locator("a.row-link").first().click();
  await page.getByRole("link", { name: "Open film" }).waitFor();
  await page.getByText("How do we know?").first().click();
  await page.getByText("Commitment").waitFor();
  await page.getByText(/Proven at height/).first().waitFor();
});

test("a screen seen before stands at once, while it is read again", async () => {
  const visit = async (name) => {
    await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
    await heading(name).waitFor();
  };
  await visit("Records");
  await page.locator("a.row-link").first().waitFor();
  await visit("Wallet");
  await page.waitForFunction(() => !document.querySelector(".skeleton"));
  // Sees every skeleton, however short it stands.
  await page.evaluate(() => {
    window.skeletons = 0;
    new MutationObserver(() => { window.skeletons += document.querySelectorAll(".skeleton").length; })
      .observe(document.body, { childList: true, subtree: true });
  });
  await visit("Records");
  await page.locator("a.row-link").first().waitFor();
  assert.equal(await page.evaluate(() => window.skeletons), 0);
});

test("what was proven stays on screen while the network is away", async () => {
  await app.go("/records");
  await page.locator("a.row-link").first().waitFor();
  const away = JSON.stringify({ code: "network_unreachable", message: "no answer" });
  await page.route("**/api/call", (route) => route.fulfill({ status: 400, contentType: "application/json", body: away }));
  for (const name of ["Home", "Records"]) await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
  await page.getByText("What you see is as of the last time.").waitFor();
  await page.locator("a.row-link").first().waitFor();
  await page.unroute("**/api/call");
});

test("the height proven last is told until the chain is asked again", async () => {
  await app.go("/records");
  await page.locator(".net").filter({ hasText: "Up to date" }).waitFor();
  await page.route("**/api/events", () => {});
  await page.route("**/api/call", (route) => (route.request().postData().includes("node_status") ? undefined : route.continue()));
  await app.go("/records");
  await page.locator(".net").filter({ hasText: /Proven at height \d/ }).waitFor();
  await page.unrouteAll({ behavior: "ignoreErrors" });
});

test("films are called by what they show, not by a scanner's label", async () => {
  const { records } = (await call(page, "records", app.profile)).body;
  const labels = records.map((record) => record.description).filter((text) => /[\^_].*\d|\d.*[\^_]/.test(text));
  for (const path of ["/", "/records", "/sharing", "/sharing?tab=log", "/earn"]) {
    await app.go(path);
    await heading(/.+/).waitFor();
    await page.waitForFunction(() => !document.querySelector(".skeleton"));
    const text = await page.locator("main").innerText();
    for (const label of labels) assert.ok(!text.includes(label.replace(/[\^_]/g, " ")) && !text.includes(label), `${path}: ${label}`);
  }
});

test("sharing takes four plain steps", { timeout: 2 * PATIENCE }, async () => {
  const { doctor } = await people(page);
  const contacts = (await call(page, "contacts", app.profile)).body.contacts;
  const recipient = contacts.find((c) => c.name === doctor.name) ?? contacts[0];
  assert.ok(recipient, "the address book holds somebody to share with");
  await app.go("/sharing/new");
  await heading("What do you share?").waitFor();
  await page.getByRole("checkbox").first().check({ force: true });
  await button("Continue").click();
  await heading("With whom?").waitFor();
  await page.getByText(recipient.name, { exact: true }).click();
  await page.getByText("Can receive films").waitFor();
  await button("Continue").click();
  await heading("Why, and until when?").waitFor();
  await page.getByText("A second opinion", { exact: true }).click();
  await page.getByText("3 days", { exact: true }).click();
  await button("Continue").click();
  await heading("What this means").waitFor();
  const day = (days) =>
    new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", timeZone: "UTC" }).format(Date.now() + days * 86_400_000);
  await page.getByText(new RegExp(`may open .* until ${day(3)}`)).waitFor();
  await button("Give access").click();
  await heading("Access is given").waitFor();
  await page.getByRole("link", { name: "See what is shared" }).click();
  await page.getByText(/can open/).first().waitFor();
});

test("who has looked is complete, or says why not", async () => {
  await app.go("/sharing");
  await page.getByRole("tab", { name: "Who has looked" }).click();
  await page.getByText(/The list is complete\.|The list may be incomplete\./).waitFor();
  const audit = (await call(page, "consent_audit", app.profile)).body;
  const shown = await page.locator(".timeline > li").count();
  assert.equal(shown, audit.entries.length);
  const says = await page.getByText("The list is complete.").count();
  assert.equal(says > 0, audit.complete);
});

test("a grant ends with one tap and a confirmation that says what it does", { timeout: 2 * PATIENCE }, async () => {
  await app.go("/sharing");
  const cards = page.locator("article");
  await cards.first().waitFor();
  const before = await page.getByRole("button", { name: "Revoke", exact: true }).count();
  assert.ok(before > 0);
  await button("Revoke").first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("cannot be unseen").waitFor();
  await dialog.getByRole("button", { name: "Revoke access" }).click();
  await page.getByText("Access has ended.").waitFor();
  await page.waitForFunction(
    (n) => [...document.querySelectorAll("article button")].filter((b) => b.textContent.trim() === "Revoke").length === n,
    before - 1,
  );
});

test("an access is approved by its id, and a mistyped one is said to be", async () => {
  await app.go("/sharing?tab=requests");
  const id = page.getByLabel("Id of the access");
  await id.fill("0x12");
  await page.getByText("An id is 0x and 64 digits").waitFor();
  assert.ok(await button("Read the terms").isDisabled());
  await id.fill(`0x${"0".repeat(64)}`);
  await button("Read the terms").click();
  await page.getByRole("alert").waitFor();
  assert.equal(await button("Approve").count(), 0, "nothing is signed that was not read");
});

test("the terms of an access are read before anything is signed", async () => {
  const [given] = (await call(page, "consent_list", app.profile, { direction: "given" })).body.grants;
  await app.go(`/sharing?tab=requests&grant=${given.grant}`);
  await button("Read the terms").click();
  const terms = page.getByRole("region", { name: "You would agree to this" });
  await terms.getByText(/Proven/).waitFor();
  const said = await terms.innerText();
  assert.ok(said.includes(given.to_name ?? given.to), said);
  // Its owner is none of its approvers: the contract would refuse, and the app says so before.
  await button("Approve").click();
  await page.getByRole("alert").waitFor();
});

test("what a contribution would earn is shown before it is made", async () => {
  await app.go("/earn");
  await page.getByRole("button", { name: "Claim", exact: true }).waitFor();
  await page.getByText(/Today's pool/).waitFor();
});

test("sending is signed in plain words", { timeout: 2 * PATIENCE }, async () => {
  const { address } = (await call(page, "balance", app.profile)).body;
  const contacts = (await call(page, "contacts", app.profile)).body.contacts;
  const recipient = contacts.find((c) => c.address !== address);
  await app.go("/wallet");
  await button("Send").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("To", { exact: true }).fill(recipient.address);
  await dialog.getByLabel("Amount in DHL").fill("0.0000000000000000001");
  await dialog.getByText("at most 18 digits").waitFor();
  await dialog.getByLabel("Amount in DHL").fill("0.5");
  await dialog.getByRole("button", { name: "Continue" }).click();
  await dialog.getByText(/Send 0\.5 DHL to/).waitFor();
  await dialog.getByText("A transfer cannot be taken back.").waitFor();
  const checked = dialog.getByText("I have checked the whole address.");
  if (await checked.count()) await checked.click();
  await dialog.getByRole("button", { name: "Send", exact: true }).click();
  await dialog.getByText("Sent", { exact: true }).waitFor();
  await dialog.getByText("Proven").first().waitFor();
});

test("receiving shows the address and its code", async () => {
  const { address } = (await call(page, "balance", app.profile)).body;
  await app.go("/wallet");
  await button("Receive").click();
  await page.getByRole("dialog").getByText(address).waitFor();
  await page.getByRole("img", { name: "QR code of your address" }).waitFor();
});

test("the language changes at once, everywhere", async () => {
  await app.go("/settings");
  await page.getByText("简体中文", { exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "设置" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
  await page.getByText("English", { exact: true }).click();
  await heading("Settings").waitFor();
});

test("nothing went wrong unseen", () => assert.deepEqual(app.problems, []));
