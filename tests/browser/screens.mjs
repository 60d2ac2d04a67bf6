// Every screen, and whose it is.
import { call } from "./app.mjs";

export async function screensOf(page, ids) {
  const { body } = await call(page, "records", ids.patient);
  const record = body.records?.[0]?.id;
  return [
    ["welcome", "patient", "/welcome?new=1"],
    ["home", "patient", "/"],
    ["records", "patient", "/records"],
    ...(record
      ? [["record", "patient", `/records/${record}`], ["film", "patient", `/films/${record}`], ["share", "patient", `/sharing/new?study=${record}`]]
      : []),
    ["sharing", "patient", "/sharing"],
    ["requests", "patient", "/sharing?tab=requests"],
    ["who-has-looked", "patient", "/sharing?tab=log"],
    ["proxies", "patient", "/sharing/proxies"],
    ["earn", "patient", "/earn"],
    ["wallet", "patient", "/wallet"],
    ["settings", "patient", "/settings"],
    ["governance", "patient", "/settings/governance"],
    ["shared-with-me", "doctor", "/shared-with-me"],
    ["asked", "doctor", "/shared-with-me?tab=asked"],
    ["ask", "doctor", "/shared-with-me/ask"],
    ["home-doctor", "doctor", "/"],
    ["records-empty", "doctor", "/records"],
    ["unlock", "hospital", "/unlock"],
  ];
}

// A screen is drawn when nothing on it is loading any more.
export async function drawn(page, name) {
  await page.locator("main h1").first().waitFor({ state: "attached" });
  await page.waitForFunction(() => !document.querySelector(".skeleton, [aria-busy=true]"));
  if (name === "film") await page.getByTestId("slice").filter({ hasText: /\d/ }).waitFor();
  await page.evaluate(() => document.fonts.ready);
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
}
