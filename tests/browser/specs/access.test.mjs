// WCAG 2.2 AA as far as a machine can tell, on every screen, light and dark.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { DESK, PHONE, launch, lock, openApp, people, unlock } from "../app.mjs";
import { drawn, screensOf } from "../screens.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
let browser;
before(async () => { browser = await launch(); });
after(async () => browser.close());

async function check(app) {
  // Evaluated by the driver, outside the page's content security policy.
  await app.page.evaluate(axe);
  const { violations } = await app.page.evaluate((tags) => window.axe.run(document, { runOnly: { type: "tag", values: tags } }), RULES);
  return violations.map((v) => `${v.impact} ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).slice(0, 3).join(" | ")}`);
}

for (const [size, theme, scale, language] of [[PHONE, "light", "normal", "en"], [DESK, "dark", "normal", "en"], [PHONE, "dark", "large", "zh-CN"]]) {
  test(`axe finds nothing at ${size.width} px, ${theme}, ${scale}, ${language}`, { timeout: 600_000 }, async (t) => {
    const first = await openApp(browser, { size });
    const who = await people(first.page);
    const ids = Object.fromEntries(Object.entries(who).map(([part, profile]) => [part, profile.id]));
    await unlock(first.page, ids.patient);
    await unlock(first.page, ids.doctor);
    await lock(first.page, ids.hospital);
    const screens = await screensOf(first.page, ids);
    await first.context.close();
    for (const [name, part, path] of screens) {
      await t.test(name, async () => {
        const app = await openApp(browser, { size, theme, scale, language, profile: ids[part] });
        await app.go(path);
        await drawn(app.page, name);
        assert.deepEqual(await check(app), []);
        if (size === PHONE) {
          const small = await app.page.evaluate(() =>
            [...document.querySelectorAll("main button, main a.btn, nav a, header button")]
              .map((e) => [e, e.getBoundingClientRect()])
              .filter(([e, r]) => r.width > 0 && e.checkVisibility() && (r.height < 43.5 || r.width < 43.5))
              .map(([e, r]) => `${e.outerHTML.slice(0, 80)} ${Math.round(r.width)}×${Math.round(r.height)}`),
          );
          assert.deepEqual(small, [], "targets are at least 44 px");
          const wide = await app.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          assert.ok(wide <= 0, `nothing sticks out to the side: ${wide} px`);
        }
        await app.context.close();
      });
    }
  });
}
