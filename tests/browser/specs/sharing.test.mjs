// What a person gives, renews and asks for: several films in one access, a longer end, a request
// from the doctor's side, and somebody who acts in one's place. Wrong entries are said to be wrong.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESK, PATIENCE, PHONE, call, importFilm, launch, openAs, people } from "../app.mjs";
import { fractionFilm } from "../fraction-film.mjs";

let browser, doctor, patient, who;
const DAY = 86_400_000;
const longDay = (ms) => new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", timeZone: "UTC" }).format(ms);
const isoDay = (ms) => new Date(ms).toISOString().slice(0, 10);
const button = (app, name) => app.page.getByRole("button", { name, exact: true });

before(async () => {
  browser = await launch();
  doctor = await openAs(browser, "doctor", { size: DESK });
  patient = await openAs(browser, "patient", { size: PHONE });
  who = await people(patient.page);
  await twoRecords();
});
after(async () => browser.close());

async function done(app, name, args) {
  const { ok, body } = await call(app.page, name, app.profile, args);
  assert.ok(ok, `${name}: ${JSON.stringify(body)}`);
  return body;
}

// Several films: the demo's, and one of our own.
async function twoRecords() {
  const { records } = await done(patient, "records", {});
  if (records.length > 1) return;
  await importFilm(patient.page, patient.profile, fractionFilm(false));
}

test("several films go into one access, and nothing chosen gives nothing", { timeout: 3 * PATIENCE }, async () => {
  const { page } = patient;
  await patient.go("/sharing/new");
  await page.getByText("Tick at least one.").waitFor();
  assert.ok(await button(patient, "Continue").isDisabled(), "no film, no access");
  const films = page.getByRole("group", { name: "What do you share?" }).getByRole("checkbox");
  await films.nth(0).check({ force: true });
  await films.nth(1).check({ force: true });
  await page.getByText("2 records are ticked.").waitFor();
  await button(patient, "Continue").click();
  await page.getByText("Somebody else").click();
  await page.getByLabel("Their name").fill("Nobody");
  await page.getByLabel("Their address").fill("0x12");
  await page.getByText("An address is 0x and 40 digits").waitFor();
  assert.ok(await button(patient, "Save and choose").isDisabled());
  await page.getByLabel("Their address").fill(who.patient.address);
  await page.getByText("This is your own address.").waitFor();
  // One letter in another case: a mistyped address, by its checksum.
  const letter = [...who.doctor.address].findLastIndex((c) => /[a-fA-F]/.test(c));
  const turned = who.doctor.address[letter];
  const other = turned === turned.toLowerCase() ? turned.toUpperCase() : turned.toLowerCase();
  await page.getByLabel("Their address").fill(who.doctor.address.slice(0, letter) + other + who.doctor.address.slice(letter + 1));
  await button(patient, "Save and choose").click();
  await page.getByRole("alert").getByText("This address is mistyped").waitFor();
  await page.getByText(who.doctor.name, { exact: true }).click();
  await page.getByText("Can receive films").waitFor();
  await button(patient, "Continue").click();
  await page.getByRole("heading", { level: 1, name: "Why, and until when?" }).waitFor();
  await page.getByText("To treat me", { exact: true }).click();
  await page.getByText("Other", { exact: true }).click();
  for (const [days, said] of [["0", "Enter a whole number of days"], ["4000", "At most 90 days for this purpose."]]) {
    await page.getByLabel("Days", { exact: true }).fill(days);
    await page.locator(".problem").getByText(said).waitFor();
    assert.ok(await button(patient, "Continue").isDisabled(), days);
  }
  await page.getByLabel("Days", { exact: true }).fill("5");
  await button(patient, "Continue").click();
  await page.getByText(new RegExp(`may open these 2 records until ${longDay(Date.now() + 5 * DAY)}`)).waitFor();
  await button(patient, "Give access").click();
  await page.getByRole("heading", { level: 1, name: "Access is given" }).waitFor();
  await page.getByText("You paid the fee.").first().waitFor();
  const { grants } = await done(patient, "consent_list", { direction: "given" });
  assert.equal(grants[0].studies.length, 2);
  await page.getByRole("link", { name: "See what is shared" }).click();
  await page.locator("article").first().getByText("and one more:").waitFor();
});

test("an access is renewed to a later day within its rules, and to no other", { timeout: 3 * PATIENCE }, async () => {
  const { page } = patient;
  const { grant } = await done(patient, "consent_grant", {
    studies: [(await done(patient, "records", {})).records[0].id], to: who.doctor.address, purpose: "PATRQT", until: "9d", template: "second-opinion",
  });
  await patient.go("/sharing");
  const card = page.locator("article").filter({ hasText: "opinion" }).filter({ hasText: longDay(Date.now() + 9 * DAY) }).first();
  await card.getByRole("button", { name: "Renew" }).click();
  const sheet = page.getByRole("dialog", { name: "Renew this access" });
  await sheet.getByText("At most 14 days from now").waitFor();
  const renew = sheet.getByRole("button", { name: "Renew", exact: true });
  const day = sheet.getByLabel("The last day");
  if (!(await day.isVisible())) await sheet.getByText("A day", { exact: true }).click();
  for (const [ms, said] of [
    [Date.now() - 3 * DAY, "That day is past."],
    [Date.now() + 4 * DAY, "It lasts until"],
    [Date.now() + 40 * DAY, "The rules admit at most 14 days"],
  ]) {
    await day.fill(isoDay(ms));
    await sheet.getByText(said).waitFor();
    assert.ok(await renew.isDisabled(), said);
  }
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "hidden" });
  await card.getByRole("button", { name: "Renew" }).click();
  await day.fill(isoDay(Date.now() + 12 * DAY));
  await sheet.getByText(new RegExp(`Then it lasts until ${longDay(Date.now() + 12 * DAY)}`)).waitFor();
  await sheet.getByText("cannot be unseen").waitFor();
  await renew.click();
  await page.getByText("Renewed. You paid the fee.").waitFor();
  const { grants } = await done(patient, "consent_list", { direction: "given" });
  assert.equal(grants.find((g) => g.grant === grant).not_after.slice(0, 10), isoDay(Date.now() + 12 * DAY));
});

test("a renewed access that wants approvals waits for them anew", { timeout: 3 * PATIENCE }, async () => {
  const { page } = patient;
  const { records } = await done(patient, "records", {});
  const { templates } = await done(patient, "templates", {});
  const least = templates.find((t) => t.name === "research").min_approvals;
  const approvers = Array.from({ length: least }, (_, i) => `0x${String(i + 1).repeat(40)}`);
  await done(patient, "consent_grant", {
    studies: [records[0].id], to: who.doctor.address, purpose: "HRESCH", until: "5d", template: "research",
    approvers, threshold: least,
  });
  await patient.go("/sharing?tab=requests");
  const card = page.locator("article").filter({ hasText: "for research" }).first();
  await card.getByText(`0 of ${least} approvers have agreed`).waitFor();
  await card.getByRole("button", { name: "Renew" }).click();
  const sheet = page.getByRole("dialog", { name: "Renew this access" });
  await sheet.getByText("must agree anew").waitFor();
  await sheet.getByText("30 days", { exact: true }).click();
  await sheet.getByRole("button", { name: "Renew", exact: true }).click();
  await sheet.getByText("It waits for its approvers.").waitFor();
  await sheet.getByText(/^0x[0-9a-f]{64}$/).waitFor();
  await sheet.getByRole("button", { name: "Close", exact: true }).last().click();
  await card.getByText(`Renewed: 0 of ${least}`).waitFor();
});

test("a doctor asks in their own words, sees the state, and takes it back", { timeout: 3 * PATIENCE }, async () => {
  const { page } = doctor;
  await doctor.go("/shared-with-me");
  await page.getByRole("link", { name: "Ask for access" }).first().click();
  await page.getByRole("heading", { level: 1, name: "Ask for access" }).waitFor();
  const send = button(doctor, "Send request");
  await page.getByText("Choose first whom you ask.").waitFor();
  assert.ok(await send.isDisabled());
  if (await page.getByText(who.patient.name, { exact: true }).count()) {
    await page.getByText(who.patient.name, { exact: true }).first().click();
  } else {
    await page.getByText("Somebody else").click();
    await page.getByLabel("Their name").fill(who.patient.name);
    await page.getByLabel("Their address").fill(who.patient.address);
    await button(doctor, "Save and choose").click();
  }
  await page.getByText("Can be asked").waitFor();
  await page.getByText("Write which records you ask for, and why.").waitFor();
  const text = page.getByLabel("Which records, and why");
  await text.fill("a".repeat(900));
  await page.getByText("70 bytes too long").waitFor();
  assert.ok(await send.isDisabled());
  await text.fill("Your knee film of last year, to compare.");
  const days = page.getByLabel("For how many days");
  await days.fill("1000");
  await page.getByText("At most 90 days for this purpose.").waitFor();
  assert.ok(await send.isDisabled());
  await days.fill("4");
  await page.getByText(/You ask .* for access: Treatment, 4 days\./).waitFor();
  await send.click();
  await page.getByRole("tab", { name: "Asked for", selected: true }).waitFor();
  const card = page.locator("article").filter({ hasText: "Your knee film of last year" }).filter({ hasText: "Waiting for their answer" }).first();
  await card.getByRole("button", { name: "Take back" }).click();
  const sheet = page.getByRole("dialog", { name: "Take back a request" });
  await sheet.getByText("They can no longer answer it.").waitFor();
  await sheet.getByRole("button", { name: "Take back", exact: true }).click();
  await page.getByText("Your request is taken back.").waitFor();
  await page.locator("article").filter({ hasText: "Your knee film of last year" }).getByText("Taken back").first().waitFor();
  assert.deepEqual(doctor.problems, []);
});

test("each film of an access is a line of the worklist, and opens by itself", { timeout: 4 * PATIENCE }, async () => {
  const { page } = doctor;
  const { grants } = await done(doctor, "consent_list", { direction: "received" });
  const grant = grants.find((g) => g.studies.length === 2);
  await doctor.go("/shared-with-me");
  for (const study of grant.studies) {
    await doctor.go("/shared-with-me");
    await page.locator(`a[href="/films/${grant.grant}:${study}"]`).click();
    await page.locator("canvas").waitFor({ timeout: 2 * PATIENCE });
    await page.getByTestId("slice").filter({ hasText: /\d/ }).waitFor();
  }
  const { entries } = await done(patient, "consent_audit", {});
  const opened = entries.filter((entry) => entry.grant === grant.grant).map((entry) => entry.object);
  assert.deepEqual(new Set(opened), new Set(grant.studies));
});

test("nothing went wrong unseen", () => assert.deepEqual(patient.problems, []));
