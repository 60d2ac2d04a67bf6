// Measures what the acts of test/Gas.t.sol cost and compares with gas.json; with --write, replaces it.
// The compiler and forge are pinned and their runs are the same everywhere, so the tolerance is for a new
// forge that counts a little differently; a change of src that costs more is to be seen in its commit.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { differences } from "./costs.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const committed = join(root, "gas.json");
const measured = join(root, "out", "gas");

rmSync(measured, { force: true, recursive: true });
mkdirSync(measured, { recursive: true });
const forge = join(root, "node_modules", ".bin", "forge");
execFileSync(forge, ["test", "--isolate", "--match-contract", "GasTest"], {
  cwd: root,
  env: { ...process.env, FOUNDRY_SNAPSHOTS: measured },
  stdio: ["ignore", "ignore", "inherit"],
});
const costs = Object.fromEntries(
  Object.entries(JSON.parse(readFileSync(join(measured, "acts.json"), "utf8"))).map(
    ([act, gas]) => [act, Number(gas)],
  ),
);

if (process.argv.includes("--write")) {
  writeFileSync(committed, `${JSON.stringify(costs, null, 2)}\n`);
  console.log(`contracts: gas of ${Object.keys(costs).length} acts written`);
} else {
  const found = differences(JSON.parse(readFileSync(committed, "utf8")), costs);
  for (const line of found) console.error(`contracts: ${line}`);
  if (found.length > 0) {
    console.error("contracts: run `npm run artifacts` and commit what changes");
    process.exit(1);
  }
  console.log(`contracts: gas of ${Object.keys(costs).length} acts as committed`);
}
