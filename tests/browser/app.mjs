// The running app as a person meets it: a browser, a profile, a size of screen.
// DHC_URL: the address `dhc serve` prints, token included.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1440, height: 900 };
const PASSWORD = process.env.DHC_PASSWORD ?? "correct horse battery staple";
// Waiting for blocks and proofs takes seconds, on a busy machine many.
export const PATIENCE = Number(process.env.DHC_PATIENCE_MS ?? 60_000);

const demo = process.env.DHC_URL;
if (!demo) {
  throw new Error("DHC_URL is not set: start `dhc serve` and give the address it prints");
}

export async function launch() {
  const data = mkdtempSync(join(tmpdir(), "dhc-browser-"));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader", `--disk-cache-dir=${data}`,
    ],
  });
  browser.on("disconnected", () => rmSync(data, { recursive: true, force: true }));
  return browser;
}

// A page of its own at the given size, with what went wrong in it collected. `address`: of another
// app than the demo's.
export async function openApp(browser, { size = PHONE, theme = "light", scale = "normal", language = "en", profile, address = demo } = {}) {
  const context = await browser.newContext({ viewport: size, locale: language, hasTouch: size === PHONE, timezoneId: "UTC" });
  context.setDefaultTimeout(PATIENCE);
  await context.addInitScript(
    ([theme, scale, language, profile]) => {
      localStorage.setItem("dhc.theme", theme);
      localStorage.setItem("dhc.size", scale);
      localStorage.setItem("dhc.language", language);
      if (profile && !localStorage.getItem("dhc.profile")) localStorage.setItem("dhc.profile", profile);
    },
    [theme, scale, language, profile],
  );
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    const text = message.text();
    // A refused call answers 4xx by design; anything else is a fault of the page.
    if (message.type() === "error" && !text.includes("the server responded with a status of 4")) problems.push(text);
  });
  await page.goto(address);
  await page.locator("main").waitFor();
  return { page, context, problems, go: (path) => page.goto(new URL(address).origin + path) };
}

// Asks the core over the same transport as the page.
export async function call(page, name, profile = "", args = {}) {
  return page.evaluate(async (call) => {
    const response = await fetch("/api/call", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(call),
    });
    return { ok: response.ok, body: await response.json() };
  }, { name, profile, args });
}

// Imports a film by its bytes; answers the record's id.
export async function importFilm(page, profile, bytes) {
  const upload = await page.evaluate(
    async ([profile, bytes]) => {
      const form = new FormData();
      form.append("file", new Blob([new Uint8Array(bytes)]), "film.dcm");
      const response = await fetch(`/api/upload?profile=${profile}`, { method: "POST", body: form });
      return response.json();
    },
    [profile, [...bytes]],
  );
  const { ok, body } = await call(page, "import", profile, { paths: upload.paths });
  if (!ok || body.studies.length !== 1) throw new Error(`import: ${JSON.stringify(body)}`);
  return body.studies[0].id;
}

// The demo's three profiles, by the part they play.
export async function people(page) {
  const { body } = await call(page, "app_state");
  const find = (part, place) => body.profiles.find((p) => p.id.includes(part)) ?? body.profiles[place];
  return { hospital: find("hospital", 0), patient: find("patient", 1), doctor: find("doctor", 2) };
}

export async function unlock(page, profile) {
  const state = await call(page, "app_state");
  if (state.body.profiles.find((p) => p.id === profile)?.state === "unlocked") return;
  const { ok, body } = await call(page, "unlock", profile, { password: PASSWORD });
  if (!ok) throw new Error(`unlock: ${body.code}`);
}

export async function lock(page, profile) {
  await call(page, "lock", profile);
}

// The app as the person who plays this part, unlocked.
export async function openAs(browser, part, options = {}) {
  const first = await openApp(browser, options);
  const profile = (await people(first.page))[part].id;
  await first.context.close();
  const app = await openApp(browser, { ...options, profile });
  await unlock(app.page, profile);
  return { ...app, profile };
}

export { PASSWORD };
