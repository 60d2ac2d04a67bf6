// Beyond one study for one week: a doctor asks and the patient answers or declines; an emergency
// access is broken open, and the patient cannot miss it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESK, PHONE, call, launch, lock, openAs, people, unlock } from "../app.mjs";

let browser, doctor, patient;
before(async () => {
  browser = await launch();
  doctor = await openAs(browser, "doctor", { size: DESK });
  patient = await openAs(browser, "patient", { size: PHONE });
});
after(async () => browser.close());

async function done(app, name, args) {
  const { ok, body } = await call(app.page, name, app.profile, args);
  assert.ok(ok, `${name}: ${JSON.stringify(body)}`);
  return body;
}
async function ask(text) {
  const owner = (await people(patient.page)).patient.address;
  return done(doctor, "consent_request", { owner, purpose: "TREAT", window: "3d", template: "treatment", actions: ["view"], text });
}
const requested = (text) => patient.page.locator("article").filter({ hasText: text });

test("what a doctor asks is read, and declined", async () => {
  const text = "The film of your knee, please: I would compare it.";
  await ask(text);
  await patient.go("/sharing?tab=requests");
  await requested(text).getByText("asks").first().waitFor();
  await requested(text).getByRole("button").filter({ hasText: "Reply" }).click();
  const sheet = patient.page.getByRole("dialog");
  assert.ok(await sheet.getByRole("button", { name: "Give access" }).isDisabled(), "nothing is ticked yet");
  await sheet.getByRole("button", { name: "Decline" }).click();
  await requested(text).getByText("Declined").waitFor();
  assert.deepEqual(patient.problems, []);
});

test("what a doctor asks is answered with the film that is ticked, and no more", async () => {
  const text = "Your head, before the operation.";
  const { request } = await ask(text);
  await patient.go("/sharing?tab=requests");
  await requested(text).getByRole("button").filter({ hasText: "Reply" }).click();
  const sheet = patient.page.getByRole("dialog");
  await sheet.getByRole("checkbox").first().check();
  await sheet.getByRole("button", { name: "Give access" }).click();
  await requested(text).getByText("Answered").waitFor();
  const { requests } = await done(doctor, "consent_requests", { direction: "asked" });
  const answered = requests.find((r) => r.request === request);
  assert.equal(answered.state, "answered");
  const { grants } = await done(doctor, "consent_list", {});
  const grant = grants.find((g) => g.grant === answered.grant);
  assert.equal(grant.studies.length, 1);
  assert.deepEqual(grant.actions, ["view"]);
});

test("a broken glass is told at once, on whatever screen, and stands in the log with its reason", async () => {
  const { records } = await done(patient, "records", {});
  const to = (await people(patient.page)).doctor.address;
  const { grant } = await done(patient, "consent_grant", {
    studies: [records[0].id], to, purpose: "ETREAT", until: "30d", template: "emergency",
  });
  await patient.go("/earn");
  await patient.page.getByRole("heading", { level: 1 }).waitFor();
  await done(doctor, "consent_break_glass", { grant, reason: "unconscious after a fall" });
  await patient.page.getByRole("alert").getByText(/emergency/i).waitFor();
  await patient.page.getByRole("alert").getByRole("link").click();
  await patient.page.getByText("unconscious after a fall").first().waitFor();
  assert.deepEqual(patient.problems, []);
});

test("a glass that was broken while the patient's profile was locked is told when it opens, until it is acknowledged", async () => {
  const { records } = await done(patient, "records", {});
  const to = (await people(patient.page)).doctor.address;
  const { grant } = await done(patient, "consent_grant", {
    studies: [records[0].id], to, purpose: "ETREAT", until: "20d", template: "emergency",
  });
  await lock(patient.page, patient.profile);
  await done(doctor, "consent_break_glass", { grant, reason: "found at the station" });
  await unlock(patient.page, patient.profile);
  for (const place of ["/earn", "/records"]) {
    await patient.go(place);
    await patient.page.getByRole("alert").getByText(/emergency/i).waitFor();
  }
  await patient.page.getByRole("alert").getByRole("link").click();
  await patient.page.getByText("found at the station").first().waitFor();
  await patient.page.waitForFunction(async (profile) => {
    const response = await fetch("/api/call", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "alarms", profile, args: {} }),
    });
    return (await response.json()).alarms.length === 0;
  }, patient.profile);
  await patient.go("/earn");
  await patient.page.getByRole("heading", { level: 1 }).waitFor();
  assert.equal(await patient.page.getByRole("alert").getByText(/emergency/i).count(), 0);
  assert.deepEqual(patient.problems, []);
});
