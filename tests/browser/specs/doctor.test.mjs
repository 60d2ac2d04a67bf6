// The doctor's half, at a desk: the worklist, a film, scrolling, window and level.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESK, PATIENCE, call, launch, openAs, people, unlock } from "../app.mjs";

let browser, app, page;

// What is on the canvas, as one number: the same picture gives the same.
const picture = () =>
  page.locator("canvas").evaluate((canvas) => {
    const copy = document.createElement("canvas");
    copy.width = copy.height = 128;
    const context = copy.getContext("2d");
    context.drawImage(canvas, 0, 0, 128, 128);
    const { data } = context.getImageData(0, 0, 128, 128);
    let light = 0, sum = 0;
    for (let i = 0; i < data.length; i += 4) {
      light += data[i];
      sum = (sum * 31 + data[i]) >>> 0;
    }
    return { light: light / (128 * 128), sum };
  });
const slice = async () => Number((await page.getByTestId("slice").textContent()).match(/\d+/)[0]);
const settled = (n) => page.waitForFunction((n) => document.querySelector("[data-testid=slice]")?.textContent.includes(` ${n} `), n);

before(async () => {
  browser = await launch();
  app = await openAs(browser, "doctor", { size: DESK });
  page = app.page;
  // The key comes from the patient's app, which must be open.
  const { patient } = await people(page);
  await unlock(page, patient.id);
  await shareAFilm(patient.id);
});
after(async () => browser.close());

// Something to read: the patient shares a record, if nothing is shared now.
async function shareAFilm(patient) {
  const received = async () => (await call(page, "consent_list", app.profile, { direction: "received" })).body.grants ?? [];
  const readable = (grant) => grant.state === "active" && grant.openings === 0;
  if ((await received()).some(readable)) return;
  const [record] = (await call(page, "records", patient)).body.records;
  const [me] = (await call(page, "accounts", app.profile)).body.accounts;
  const given = await call(page, "consent_grant", patient, { studies: [record.id], to: me.address, purpose: "TREAT", until: "7d" });
  assert.ok(given.ok, given.body.code);
  const deadline = Date.now() + PATIENCE;
  while (!(await received()).some(readable)) {
    assert.ok(Date.now() < deadline, "the doctor never saw the grant");
    await page.waitForTimeout(500);
  }
}

test("the worklist leads to a film in one click", { timeout: 3 * PATIENCE }, async () => {
  const before = (await call(page, "consent_list", app.profile, { direction: "received" })).body;
  assert.ok(before.grants.some((g) => g.state === "active"), "something is shared with the doctor");
  await app.go("/shared-with-me");
  await page.getByRole("heading", { level: 1, name: "Shared with me" }).waitFor();
  await page.getByRole("link", { name: "Open film" }).first().click();
  await page.locator("canvas").waitFor({ timeout: 2 * PATIENCE });
  await page.getByTestId("slice").filter({ hasText: /Slice \d+/ }).waitFor();
  const { light } = await picture();
  assert.ok(light > 2 && light < 250, `a picture, neither black nor white: ${light}`);
});

// Canvas pixels that a place in the canvas has, 0 to 1 across and down.
const at = async (x, y) => {
  const box = await page.locator("canvas").boundingBox();
  return [box.x + box.width * x, box.y + box.height * y];
};
const drag = async (from, to) => {
  await page.mouse.move(...(await at(...from)));
  await page.mouse.down();
  await page.mouse.move(...(await at(...to)), { steps: 4 });
  await page.mouse.up();
};
const measured = () => page.getByTestId("measured");

test("a length, an angle and an area are measured, moved, listed and deleted", async () => {
  await page.locator("canvas").focus();
  await page.keyboard.press("l");
  await drag([0.4, 0.5], [0.5, 0.5]);
  await measured().filter({ hasText: /^\d+\.\d mm$/ }).waitFor();
  const short = parseFloat(await measured().textContent());
  // With the scroll tool in hand its end is still taken hold of.
  await page.keyboard.press("s");
  await drag([0.5, 0.5], [0.6, 0.5]);
  const long = parseFloat(await measured().textContent());
  assert.ok(Math.abs(long / short - 2) < 0.02, `${short} mm became ${long} mm`);
  await page.keyboard.press("a");
  await drag([0.5, 0.3], [0.4, 0.3]);
  await page.mouse.click(...(await at(0.4, 0.4)));
  await measured().filter({ hasText: /^90\.0°$/ }).waitFor();
  await page.keyboard.press("e");
  await drag([0.55, 0.55], [0.65, 0.7]);
  await measured().filter({ hasText: /mm².*mean.*±/ }).waitFor();
  await page.getByTestId("calibration").filter({ hasText: "pixel spacing" }).waitFor();
  assert.equal(await measured().count(), 3);
  const frame = await slice();
  await page.keyboard.press("ArrowDown");
  await settled(frame + 1);
  assert.equal(await measured().count(), 0, "they stand on the slice they were drawn on");
  await page.keyboard.press("m");
  const list = page.getByRole("dialog", { name: "Measurements" });
  await list.getByRole("button", { name: /^Length/ }).click();
  await settled(frame);
  await page.keyboard.press("Delete");
  await measured().filter({ hasText: "90.0°" }).waitFor();
  assert.equal(await measured().count(), 2);
  await page.keyboard.press("m");
  await list.getByRole("button", { name: "Delete: Angle" }).click();
  await list.getByRole("button", { name: "Delete: Ellipse" }).click();
  await list.getByText("Nothing is measured yet.").waitFor();
  await page.keyboard.press("Escape");
});

test("an arrow has words, and a shape that was begun can be left", async () => {
  await page.locator("canvas").focus();
  await page.keyboard.press("t");
  await drag([0.4, 0.4], [0.5, 0.5]);
  await page.getByRole("textbox", { name: "What it shows" }).fill("ventricle");
  await page.keyboard.press("Enter");
  await measured().filter({ hasText: "ventricle" }).waitFor();
  await page.keyboard.press("Delete");
  await page.waitForFunction(() => !document.querySelector("[data-testid=measured]"));
  await page.locator("canvas").focus();
  await page.keyboard.press("c");
  await drag([0.4, 0.4], [0.5, 0.4]);
  assert.equal(await page.locator(".v-mark").count(), 1);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".v-mark").count(), 0);
  await page.keyboard.press("w");
});

// The mean brightness of the three panes and of the whole stage, 0 to 255.
const brightness = () =>
  page.getByTestId("cuts").evaluate((canvas) => {
    const copy = document.createElement("canvas");
    copy.width = copy.height = 256;
    const context = copy.getContext("2d");
    context.drawImage(canvas, 0, 0, 256, 256);
    const mean = (x, y, w, h) => {
      const { data } = context.getImageData(x, y, w, h);
      let sum = 0;
      for (let i = 0; i < data.length; i += 4) sum += data[i];
      return sum / (w * h);
    };
    return { panes: [mean(0, 0, 156, 256), mean(162, 0, 94, 126), mean(162, 130, 94, 126)], all: mean(0, 0, 256, 256) };
  });

test("three planes cut the volume, move, turn and thicken", { timeout: 3 * PATIENCE }, async () => {
  await page.locator("canvas").focus();
  await page.keyboard.press("x");
  const stage = page.getByTestId("cuts");
  await stage.waitFor();
  for (const name of ["Axial", "Coronal", "Sagittal"]) await page.getByText(name, { exact: true }).waitFor();
  await page.getByText(/Building the volume/).waitFor({ state: "detached", timeout: PATIENCE });
  const thin = await brightness();
  assert.ok(thin.panes.every((light) => light > 2 && light < 250), `a picture in every pane: ${thin.panes}`);
  const box = await stage.boundingBox();
  await page.mouse.move(box.x + box.width * 0.8, box.y + box.height * 0.25);
  const cross = () => page.locator(".v-cross line").evaluateAll((lines) => lines.map((l) => l.getAttribute("x1") + l.getAttribute("y1")).join());
  const before = await cross();
  await page.mouse.wheel(0, 120);
  await page.waitForFunction((before) => [...document.querySelectorAll(".v-cross line")].map((l) => l.getAttribute("x1") + l.getAttribute("y1")).join() !== before, before);
  // A maximum over 40 mm is nowhere darker than the plane.
  await page.getByRole("combobox", { name: "Slab thickness" }).first().selectOption({ label: "40 mm" });
  await page.getByRole("combobox", { name: "Slab shows" }).first().selectOption({ label: "MIP" });
  const deadline = Date.now() + PATIENCE;
  let thick = await brightness();
  while (thick.all <= thin.all) {
    assert.ok(Date.now() < deadline, `${thin.all} became ${thick.all}`);
    thick = await brightness();
  }
  await page.keyboard.down("Shift");
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.3, { steps: 4 });
  await page.mouse.up();
  await page.keyboard.up("Shift");
  await page.waitForFunction(() => [...document.querySelectorAll(".v-cross > svg:first-child line")].every((l) => Math.abs(l.getAttribute("x1") - l.getAttribute("x2")) > 1 && Math.abs(l.getAttribute("y1") - l.getAttribute("y2")) > 1));
  await page.screenshot({ path: process.env.DHC_CUTS_PICTURE ?? "/dev/null", type: "png" });
  await stage.focus();
  await page.keyboard.press("x");
  await page.getByTestId("slice").waitFor();
  assert.equal(await page.getByTestId("cuts").count(), 0);
});

test("wheel, keys and slider scroll through the slices", async () => {
  await page.locator("canvas").focus();
  await page.keyboard.press("Home");
  await settled(1);
  const first = await picture();
  await page.keyboard.press("PageDown");
  await settled(11);
  assert.notEqual((await picture()).sum, first.sum);
  const box = await page.locator("canvas").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.wheel(0, 100);
  await settled(13);
  await page.getByRole("slider", { name: "Slice" }).fill("2");
  await settled(2);
});

test("dragging with the window tool changes window and level, Reset restores them", async () => {
  await page.getByRole("button", { name: "Window", exact: true }).first().click();
  const shown = () => page.getByTestId("window").textContent();
  const before = await shown();
  const darkness = await picture();
  const box = await page.locator("canvas").boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 60, y + 120, { steps: 6 });
  await page.mouse.up();
  assert.notEqual(await shown(), before);
  assert.notEqual((await picture()).sum, darkness.sum);
  await page.getByRole("button", { name: "Reset" }).first().click();
  assert.equal(await shown(), before);
});

test("invert, rotate and flip change the picture and the letters", async () => {
  const before = await picture();
  await page.keyboard.press("i");
  assert.ok((await picture()).light > before.light, "a film on black turns bright");
  await page.keyboard.press("i");
  const letters = () => page.locator(".letter").allTextContents();
  const upright = await letters();
  await page.keyboard.press("h");
  const mirrored = await letters();
  if (upright.length) assert.deepEqual(mirrored.slice(0, 2), upright.slice(0, 2).reverse());
  await page.keyboard.press("h");
  assert.equal((await picture()).sum, before.sum);
});

test("the patient's details can be hidden", async () => {
  const details = page.getByTestId("series");
  const before = await details.textContent();
  await page.keyboard.press("b");
  assert.ok((await details.textContent()).length < before.length);
  await page.keyboard.press("b");
});

test("the keyboard map lists what keys do", async () => {
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard map" }).getByText("Next image").waitFor();
  await page.keyboard.press("Escape");
  assert.ok((await slice()) > 0);
});

test("the opening stands in the patient's access log", { timeout: 2 * PATIENCE }, async () => {
  const { patient, doctor } = await people(page);
  const me = (await call(page, "accounts", doctor.id)).body.accounts[0].address;
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const { body } = await call(page, "consent_audit", patient.id);
    if (body.entries?.some((entry) => entry.by === me)) break;
    assert.ok(Date.now() < deadline, "the opening never came into the log");
    await page.waitForTimeout(500);
  }
});

test("nothing went wrong unseen", () => assert.deepEqual(app.problems, []));
