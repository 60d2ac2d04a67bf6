// Runs slither, by the path given, on src and compares what it finds with static.json, where each finding
// that is no fault stands with its reason. Anything else fails, and so does a reason without a finding.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { judge } from "./findings.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const slither = process.argv[2] ?? "slither";
const judged = JSON.parse(readFileSync(join(root, "static.json"), "utf8"));

const input = join(root, "out", "static", "sources.json");
mkdirSync(dirname(input), { recursive: true });
writeFileSync(input, execFileSync("node", [join(root, "scripts", "sources.mjs")]));

const found = judge(run(), judged);
for (const fault of found.faults) console.error(`contracts: ${fault}`);
if (found.faults.length > 0) process.exit(1);
console.log(`contracts: ${found.known} findings of the static check, each with its reason`);

function run() {
  const ignored = Object.keys(judged.ignored).join(",");
  const ran = spawnSync(
    slither,
    [input, "--compile-force-framework", "solc-json", "--filter-paths", "node_modules"].concat([
      "--exclude",
      ignored,
      "--json",
      "-",
    ]),
    {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 1 << 28,
      env: {
        ...process.env,
        PATH: join(root, "node_modules", ".bin") + delimiter + process.env.PATH,
        SOLC_TREES: "1",
      },
    },
  );
  // Its exit code counts findings. A failure is an answer without them.
  const answer = ran.stdout && JSON.parse(ran.stdout);
  if (!answer?.success) {
    console.error(ran.stderr);
    throw new Error(`slither failed: ${answer?.error ?? ran.error ?? ran.stderr}`);
  }
  return answer.results.detectors ?? [];
}
