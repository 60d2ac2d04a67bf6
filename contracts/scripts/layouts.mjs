// Compares the storage layouts in artifacts/ with those of every released version in released/.
// With --release VERSION, writes the present ones as that version's.

import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { incompatibilities } from "./compatible.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const artifacts = join(root, "artifacts");
const released = join(root, "released");
const read = (path) => JSON.parse(readFileSync(path, "utf8"));

const flag = process.argv.indexOf("--release");
if (flag === -1) compare();
else release(process.argv[flag + 1]);

function compare() {
  const versions = readdirSync(released);
  let faults = 0;
  let compared = 0;
  for (const version of versions) {
    for (const file of readdirSync(join(released, version))) {
      const artifact = join(artifacts, file);
      const found = existsSync(artifact)
        ? incompatibilities(read(join(released, version, file)), read(artifact).storageLayout)
        : ["the contract was removed"];
      for (const fault of found) console.error(`contracts: ${file} since ${version}: ${fault}`);
      faults += found.length;
      compared += 1;
    }
  }
  if (compared === 0) throw new Error("no released layout to compare with");
  if (faults > 0) {
    console.error("contracts: what was released is read for ever: give the new contract a new name");
    process.exit(1);
  }
  console.log(`contracts: ${compared} released layouts kept`);
}

function release(version) {
  if (!/^\d+\.\d+\.\d+$/.test(version ?? "")) throw new Error("which version? --release 1.2.3");
  const folder = join(released, version);
  mkdirSync(folder, { recursive: true });
  const files = readdirSync(artifacts);
  for (const file of files) {
    const { storageLayout } = read(join(artifacts, file));
    writeFileSync(join(folder, file), `${JSON.stringify(storageLayout, null, 1)}\n`);
  }
  console.log(`contracts: ${files.length} layouts released as ${version}`);
}
