// A new wallet: its words are shown once and asked for again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PATIENCE, PHONE, launch, openApp } from "../app.mjs";

let browser, app, page;
before(async () => {
  browser = await launch();
  app = await openApp(browser, { size: PHONE });
  page = app.page;
});
after(async () => browser.close());

test("the first screen offers three ways", async () => {
  await app.go("/welcome?new=1");
  for (const name of ["Create a wallet", "Restore", "Try the demo"]) {
    await page.getByRole("button", { name, exact: true }).waitFor();
  }
});

test("a weak password is called weak", async () => {
  await page.getByRole("button", { name: "Create a wallet" }).click();
  await page.getByLabel("Choose a password").fill("password1");
  await page.getByText(/^Weak/).waitFor();
});

test("words are shown and wrong ones are refused", { timeout: 2 * PATIENCE }, async () => {
  const name = page.getByLabel(/Your name/);
  if (await name.count()) await name.fill("Test Person");
  await page.getByLabel("Choose a password").fill("a long enough pass phrase");
  await page.getByLabel("The password again").fill("a long enough pass phrase");
  await page.getByRole("button", { name: "Continue" }).click();
  const list = page.getByRole("list", { name: "Recovery words" });
  await list.waitFor();
  const words = (await list.getByRole("listitem").allTextContents()).map((text) => text.replace(/^\d+/, ""));
  assert.equal(words.length, 12);
  await page.getByRole("button", { name: "Continue" }).click();
  const fields = await page.getByLabel(/^Word \d+$/).all();
  assert.equal(fields.length, 3);
  for (const field of fields) await field.fill("zzzz");
  await page.getByRole("button", { name: "Check the words" }).click();
  await page.getByText("One of the words is not right.").waitFor();
  for (const field of fields) {
    const id = await field.getAttribute("id");
    await field.fill(words[Number(id.split("-")[1])]);
  }
  await page.getByRole("button", { name: "Check the words" }).click();
  await page.getByRole("heading", { level: 1, name: /Test Person|Good/ }).waitFor();
});

test("nothing went wrong unseen", () => assert.deepEqual(app.problems, []));
