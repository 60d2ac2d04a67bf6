// The shell in its real window: import, share, open as the doctor, revoke. Plain WebDriver through
// tauri-driver. DHC_DEMO names what `dhc demo --keep` left: three profiles and their network.
// DHC_DESKTOP, DHC_TAURI_DRIVER, DHC_SYNTHETIC_STUDY name programs; DHC_SCREENS, if set, a folder
// for a picture of where it failed.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { finish, freePort, start } from "./processes.mjs";
import { Window, until } from "./webdriver.mjs";

const { DHC_DEMO, DHC_DESKTOP, DHC_TAURI_DRIVER, DHC_SYNTHETIC_STUDY, DHC_SCREENS } = process.env;
const NATIVE_DRIVER = process.env.DHC_NATIVE_DRIVER ?? "/usr/bin/WebKitWebDriver";
/** What waits for blocks: inclusion, the block that proves it, the exchange between two apps. */
const CHAIN_MS = 60_000;
const STUDY_MB = "6";

const folder = await mkdtemp(join(tmpdir(), "dhc-window-"));
const study = join(folder, "study");

const PATIENT = /Li Mei|patient/i;
const DOCTOR = /Chen|doctor/i;

/** Commands of the framework and its plugins that no capability allows. */
const FORBIDDEN = [
  ["plugin:dialog|open", { options: {} }],
  ["plugin:deep-link|register", { protocol: "http" }],
  ["plugin:webview|create_webview_window", { options: { label: "other", url: "index.html" } }],
  ["plugin:path|resolve_directory", { directory: 1 }],
  ["no_such_command", {}],
];
const ASK = `
  return window.__TAURI_INTERNALS__.invoke(arguments[0], arguments[1]).then(
    () => "answered",
    (why) => (/not allowed|not found/i.test(String(why)) ? "refused" : String(why)),
  );
`;

const steps = {
  "the window shows the patient's home": async (w) => {
    await become(w, PATIENT);
    await w.find("link", /^Records/, CHAIN_MS);
  },
  "the page may call its own commands and nothing else, and does not leave": async (w) => {
    for (const [command, args] of FORBIDDEN) {
      const answer = await w.run(ASK, command, args);
      if (answer !== "refused") throw new Error(`${command} was ${answer}`);
    }
    const before = await w.run("return location.origin");
    await w.run("location.href = 'about:blank'");
    await w.find("link", /^Records/, CHAIN_MS);
    const after = await w.run("return location.origin");
    if (after !== before) throw new Error(`the window went to ${after}`);
  },
  "a link opens its screen in the same window": async (w) => {
    // What was begun second hands its link over and ends.
    await finish(DHC_DESKTOP, ["--demo", DHC_DEMO, "dhc://records"]);
    await w.find("button", "Import", CHAIN_MS);
    await w.holds("the screen of the link", "return location.pathname === '/records'");
  },
  "a study is imported": async (w) => {
    await w.click("link", /^Records/);
    await w.click("button", "Import");
    await w.type("textbox", "Path of a file or folder", study);
    await w.click("button", "Import this");
    await w.find("link", /Synthetic study/i, CHAIN_MS);
  },
  "it is shared with the doctor for a week": async (w) => {
    await w.click("link", /^Sharing/);
    await w.click("link", "Share");
    await w.click("checkbox", /Synthetic study/i, CHAIN_MS);
    await w.click("button", "Continue");
    await w.click("radio", /Chen/);
    await w.sees(/Can receive films/, CHAIN_MS);
    await w.click("button", "Continue");
    await w.click("radio", /1 week/, CHAIN_MS);
    await w.click("button", "Continue", CHAIN_MS);
    await w.click("button", "Give access");
    await w.sees(/Access is given/, CHAIN_MS);
  },
  "the doctor opens the film": async (w) => {
    await become(w, DOCTOR);
    await w.click("button", /Switch profile/);
    await w.click("menuitem", "Shared with me");
    await w.click("link", /Open film/, CHAIN_MS);
    await w.find("image", /Slice/, CHAIN_MS);
    await w.holds("a film on the canvas", DRAWN, CHAIN_MS);
  },
  "the patient sees who has looked, and revokes": async (w) => {
    await w.click("link", "Back");
    await become(w, PATIENT);
    await w.click("link", /^Sharing/);
    await w.click("tab", "Who has looked");
    await w.sees(/Chen.* opened .*Synthetic study/i, CHAIN_MS);
    await w.click("tab", /^Given/);
    await w.click("button", "Revoke", CHAIN_MS);
    await w.click("button", "Revoke access");
    await w.sees(/Access has ended/, CHAIN_MS);
  },
};

// The notice over the canvas goes when the first frame has been drawn.
const DRAWN = `
  const canvas = document.querySelector("canvas[role=img]");
  return Boolean(canvas && canvas.width > 1 && !document.querySelector(".v-loading"));
`;

/** Changes to a profile by the switcher, and unlocks it if it is locked. */
async function become(w, name) {
  await w.click("button", /Switch profile/, CHAIN_MS);
  const shown = await w.text("menuitem", name);
  await w.click("menuitem", name);
  if (/locked/.test(shown)) {
    await w.click("button", "Fill in the demo password");
    await w.click("button", "Unlock");
  }
}

let passed = 0;
let failed = 0;
const running = [];
try {
  await finish(DHC_SYNTHETIC_STUDY, [study, STUDY_MB]);
  const port = await freePort();
  const native = await freePort();
  running.push(
    start(DHC_TAURI_DRIVER, [
      ...["--port", String(port)],
      ...["--native-port", String(native)],
      ...["--native-driver", NATIVE_DRIVER],
    ]),
  );
  const server = `http://127.0.0.1:${port}`;
  await until("tauri-driver", 20_000, async () => (await fetch(`${server}/status`)).ok);
  const w = await Window.open(server, DHC_DESKTOP, ["--demo", DHC_DEMO]);
  try {
    for (const [name, step] of Object.entries(steps)) {
      try {
        await step(w);
        passed += 1;
        console.log(`ok      ${name}`);
      } catch (failure) {
        failed += 1;
        console.log(`FAILED  ${name}: ${failure.message}`);
        if (DHC_SCREENS) await writeFile(join(DHC_SCREENS, "window-failed.png"), await w.screenshot());
        // Each step needs the one before.
        break;
      }
    }
  } finally {
    await w.close();
  }
} catch (failure) {
  failed += 1;
  console.log(`FAILED  ${failure.message}`);
} finally {
  for (const program of running.reverse()) await program.stop();
  await rm(folder, { recursive: true, force: true });
}
const skipped = Math.max(0, Object.keys(steps).length - passed - failed);
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
process.exit(failed === 0 ? 0 : 1);
