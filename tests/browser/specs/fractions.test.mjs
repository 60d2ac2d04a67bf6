// Films whose values are fractions are grey, in the viewer and as thumbnails.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESK, PATIENCE, importFilm, launch, openAs } from "../app.mjs";
import { fractionFilm } from "../fraction-film.mjs";

let browser, app, page;
before(async () => {
  browser = await launch();
  app = await openAs(browser, "doctor", { size: DESK });
  page = app.page;
});
after(async () => browser.close());

// The brightness at nine places from the left to the right of a picture.
const across = (locator) =>
  locator.evaluate((source) => {
    const copy = document.createElement("canvas");
    const width = source.naturalWidth || source.width, height = source.naturalHeight || source.height;
    copy.width = width;
    copy.height = height;
    const context = copy.getContext("2d");
    context.drawImage(source, 0, 0);
    // A square film stands in the middle.
    const side = Math.min(width, height);
    return Array.from({ length: 9 }, (_, i) => {
      const x = (width - side) / 2 + side * (i + 1) * 0.1;
      return context.getImageData(Math.round(x), Math.round(height / 2), 1, 1).data[0];
    });
  });

function isRamp(shades) {
  shades.forEach((shade, i) => assert.ok(Math.abs(shade - 255 * (i + 1) * 0.1) < 12, `${shades}`));
}

for (const [kind, float] of [["floats", true], ["whole numbers of a thousandth", false]]) {
  test(`a ramp of ${kind} runs from black to white`, { timeout: 2 * PATIENCE }, async () => {
    const id = await importFilm(page, app.profile, fractionFilm(float));
    await app.go(`/films/${id}`);
    await page.getByTestId("slice").filter({ hasText: /\d/ }).waitFor();
    isRamp(await across(page.locator("canvas")));
    assert.match(await page.getByTestId("window").textContent(), /W 1 L 0\.50/);
    await app.go(`/records/${id}`);
    const picture = page.locator(".hero img");
    await picture.waitFor();
    await page.waitForFunction(() => document.querySelector(".hero img").complete);
    isRamp(await across(picture));
  });
}

test("nothing went wrong unseen", () => assert.deepEqual(app.problems, []));
