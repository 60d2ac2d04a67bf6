// Where records are kept: on this device, at services, and what strangers get; read every block;
// services added, refused and removed. The core is the real one.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { DESK, PATIENCE, call, launch, openAs } from "../app.mjs";

let browser, app, page, service;
const kept = () => page.locator("section", { has: page.getByRole("heading", { level: 2, name: "Where your records are kept" }) });
const button = (name) => kept().getByRole("button", { name, exact: true });

before(async () => {
  browser = await launch();
  app = await openAs(browser, "patient", { size: DESK });
  page = app.page;
  // A service of the IPFS Pinning Service API that knows its customer by a token, and queues what
  // it is asked to keep. Services that do keep it are real in the command line's tests.
  service = createServer((request, response) => {
    const answer = (status, body) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    if (request.headers.authorization !== "Bearer right") {
      return answer(401, { error: { reason: "UNAUTHORIZED", details: "Access token is missing or invalid" } });
    }
    if (request.method === "GET") return answer(200, { count: 0, results: [] });
    const sent = [];
    request.on("data", (piece) => sent.push(piece));
    request.on("end", () => {
      const pin = JSON.parse(Buffer.concat(sent).toString());
      answer(202, { requestid: pin.cid, status: "queued", created: new Date().toISOString(), pin, delegates: [] });
    });
  });
  await new Promise((listening) => service.listen(0, "127.0.0.1", listening));
});
after(async () => {
  service.close();
  await browser.close();
});

test("what is here, what is pinned and what others get are told apart", async () => {
  await app.go("/settings");
  const objects = (await call(page, "storage_objects", app.profile)).body.objects;
  assert.ok(objects.length > 0, "the patient has records");
  const rows = kept().getByTestId("kept");
  await rows.first().waitFor();
  assert.equal(await rows.count(), objects.length);
  const mine = rows.filter({ hasText: "Pinned nowhere else" }).first();
  await mine.getByText(/^On this device, whole/).waitFor();
  await mine.getByText("Not checked that others get it").waitFor();
});

test("every block is read, and the screen says when", async () => {
  await button("Read every block, and repair").click();
  await page.getByText(/All [\d,]+ blocks were read, and are whole\./).waitFor({ timeout: PATIENCE });
  await kept().getByText(/whole; every block read/).first().waitFor({ timeout: PATIENCE });
});

test("a service that refuses is not added; one that takes is named, and removed again", { timeout: 3 * PATIENCE }, async () => {
  await kept().getByText("No service keeps your records.").waitFor();
  await kept().getByLabel("A name for it").fill("attic");
  assert.ok(await button("Add this service").isDisabled(), "without an address");
  await kept().getByLabel("Address").fill(`http://127.0.0.1:${service.address().port}`);
  await kept().getByLabel("Access token, if it needs one").fill("wrong");
  await button("Add this service").click();
  await kept().getByRole("alert").waitFor({ timeout: PATIENCE });
  assert.deepEqual((await call(page, "pin_services", app.profile)).body.services, []);
  assert.equal(await kept().getByLabel("A name for it").inputValue(), "attic", "what was typed stays");
  await kept().getByLabel("Access token, if it needs one").fill("right");
  await button("Add this service").click();
  await button("Remove attic").waitFor({ timeout: PATIENCE });
  await kept().getByText(/Keeps 0 of \d+ records/).waitFor();
  await kept().getByText("Pinned nowhere else").first().waitFor();
  await button("Remove attic").click();
  await kept().getByText("No service keeps your records.").waitFor({ timeout: PATIENCE });
});
