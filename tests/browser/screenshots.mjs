// Writes every screen at both sizes, in every theme and language:
// node screenshots.mjs [DIR] [--only REGEXP]
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DESK, PHONE, launch, lock, openApp, people, unlock } from "./app.mjs";
import { drawn, screensOf } from "./screens.mjs";

const args = process.argv.slice(2);
const at = args.indexOf("--only");
const only = new RegExp(at >= 0 ? args.splice(at, 2)[1] : ".");
const dir = args[0] ?? "docs/screenshots";
mkdirSync(dir, { recursive: true });

const browser = await launch();
const first = await openApp(browser);
const who = await people(first.page);
const ids = Object.fromEntries(Object.entries(who).map(([part, profile]) => [part, profile.id]));
await unlock(first.page, ids.patient);
await unlock(first.page, ids.doctor);
await lock(first.page, ids.hospital);
const screens = await screensOf(first.page, ids);
await first.context.close();

let written = 0;
const missed = [];
for (const [sizeName, size] of [["phone", PHONE], ["desk", DESK]]) {
  for (const [look, theme, scale] of [["light", "light", "normal"], ["dark", "dark", "normal"], ["large", "light", "large"]]) {
    for (const language of ["en", "zh-CN"]) {
      for (const [name, part, path] of screens) {
        const file = `${name}-${sizeName}-${look}-${language}.png`;
        if (!only.test(file)) continue;
        const app = await openApp(browser, { size, theme, scale, language, profile: ids[part] });
        try {
          await app.go(path);
          await drawn(app.page, name);
          await app.page.screenshot({ path: join(dir, file) });
          written += 1;
        } catch (error) {
          missed.push(`${file}: ${error.message.split("\n")[0]}`);
        }
        await app.context.close();
      }
    }
  }
}
await browser.close();
console.log(`${written} screenshots in ${dir}`);
for (const line of missed) console.error(line);
process.exitCode = missed.length ? 1 : 0;
