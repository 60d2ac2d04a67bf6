// Somebody who acts in one's place: appointed in plain words, acting by the id they are told, and
// dismissed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESK, PATIENCE, PHONE, call, launch, openAs, people } from "../app.mjs";

let browser, doctor, patient, who;
const DAY = 86_400_000;
const isoDay = (ms) => new Date(ms).toISOString().slice(0, 10);

before(async () => {
  browser = await launch();
  doctor = await openAs(browser, "doctor", { size: DESK });
  patient = await openAs(browser, "patient", { size: PHONE });
  who = await people(patient.page);
});
after(async () => browser.close());

async function done(app, name, args) {
  const { ok, body } = await call(app.page, name, app.profile, args);
  assert.ok(ok, `${name}: ${JSON.stringify(body)}`);
  return body;
}

test("a proxy is appointed for what is ticked, until a day to come", { timeout: 2 * PATIENCE }, async () => {
  const { page } = patient;
  await patient.go("/sharing");
  await page.getByRole("link", { name: /Who may act for you/ }).click();
  await page.getByRole("heading", { level: 1, name: "Who may act for you" }).waitFor();
  await page.getByRole("button", { name: "Appoint somebody" }).first().click();
  const sheet = page.getByRole("dialog", { name: "Appoint somebody" });
  const appoint = sheet.getByRole("button", { name: "Appoint", exact: true });
  assert.ok(await appoint.isDisabled(), "nobody is chosen");
  await sheet.getByText(who.doctor.name, { exact: true }).click();
  await sheet.getByText("End accesses", { exact: true }).click();
  await sheet.getByText("Tick at least one.").waitFor();
  assert.ok(await appoint.isDisabled(), "nothing is ticked");
  await sheet.getByText("End accesses", { exact: true }).click();
  await sheet.getByText("Answer requests", { exact: true }).click();
  await sheet.getByText("A day", { exact: true }).click();
  const day = sheet.getByLabel("The last day");
  await day.fill(isoDay(Date.now() - 2 * DAY));
  await sheet.getByText("That day is past.").waitFor();
  assert.ok(await appoint.isDisabled(), "a day that is past");
  await day.fill(isoDay(Date.now() + 40 * DAY));
  await sheet.getByText(/may end accesses, answer requests for you until/).waitFor();
  await sheet.getByText("They cannot spend your DHL", { exact: false }).waitFor();
  await sheet.getByText("Give access", { exact: true }).click();
  await sheet.getByText("may give it to themselves, too").waitFor();
  await sheet.getByText("Give access", { exact: true }).click();
  await appoint.click();
  await page.getByText("Appointed.", { exact: false }).waitFor();
  const card = page.locator("article").filter({ hasText: who.doctor.name });
  await card.getByText("may end accesses, answer requests for you").waitFor();
  await card.getByText("Proven", { exact: true }).waitFor();
});

test("a proxy acts by the id they are told, and no further", { timeout: 2 * PATIENCE }, async () => {
  const { records } = await done(patient, "records", {});
  const { grant } = await done(patient, "consent_grant", { studies: [records[0].id], to: who.doctor.address, purpose: "TREAT", until: "2d" });
  const { page } = doctor;
  await doctor.go("/sharing/proxies");
  await page.getByText("You act for", { exact: true }).waitFor();
  const ward = page.locator("article").filter({ hasText: "You may end accesses" });
  await ward.getByRole("button", { name: "Act for them" }).click();
  const sheet = page.getByRole("dialog", { name: "Act for them" });
  assert.equal(await sheet.getByRole("button", { name: "Renew access" }).count(), 0, "that was not given");
  await sheet.getByLabel("Id of the access or request").fill("0x12");
  await sheet.getByText("An id is 0x and 64 digits").waitFor();
  assert.ok(await sheet.getByRole("button", { name: "End access" }).isDisabled());
  await sheet.getByLabel("Id of the access or request").fill(grant);
  await sheet.getByRole("button", { name: "End access" }).click();
  const sure = page.getByRole("dialog", { name: "End this access" });
  await sure.getByRole("button", { name: "Revoke access" }).click();
  await page.getByText("Access has ended.", { exact: false }).waitFor();
  const { grants } = await done(patient, "consent_list", { direction: "given" });
  assert.equal(grants.find((g) => g.grant === grant).state, "revoked");
});

test("a proxy is dismissed, and both see it", { timeout: 2 * PATIENCE }, async () => {
  const { page } = patient;
  await patient.go("/sharing/proxies");
  const card = page.locator("article").filter({ hasText: who.doctor.name });
  await card.getByRole("button", { name: "Dismiss" }).click();
  const sheet = page.getByRole("dialog", { name: "Dismiss a proxy" });
  await sheet.getByText("What they have done before stands.", { exact: false }).waitFor();
  await sheet.getByRole("button", { name: "Dismiss", exact: true }).click();
  await card.getByText("Dismissed", { exact: true }).waitFor();
  await doctor.go("/sharing/proxies");
  await doctor.page.getByText("You can no longer act for", { exact: false }).waitFor();
});

test("nothing went wrong unseen", () => assert.deepEqual([...patient.problems, ...doctor.problems], []));
