// Writes artifacts/<Name>.json from the contracts in src; with --check, compares instead.
//
// The contracts are compiled by themselves, in one run: the compiler numbers what it reads, so the
// bytes may depend on what else is compiled. Those numbers are taken out of the storage layout.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const CONTRACTS = [
  "Consent",
  "DHCGovernor",
  "DHLToken",
  "Identity",
  "IncentivePool",
  "Issuers",
  "Proxies",
  "RecordIndex",
  "Registry",
  "Requests",
  "Templates",
  "Timelock",
  "VotingEscrow",
];

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const committed = join(root, "artifacts");
const check = process.argv.includes("--check");

compile();
const differing = [];
for (const name of CONTRACTS) {
  const path = join(committed, `${name}.json`);
  const text = render(name);
  if (check) {
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) differing.push(name);
  } else {
    mkdirSync(committed, { recursive: true });
    writeFileSync(path, text);
  }
}

const expected = new Set(CONTRACTS.map((name) => `${name}.json`));
const strays = readdirSync(committed).filter((file) => !expected.has(file));
if (check && (differing.length > 0 || strays.length > 0)) {
  for (const name of differing) {
    console.error(`contracts: compiling src/${name}.sol does not give artifacts/${name}.json`);
  }
  for (const file of strays) {
    console.error(`contracts: artifacts/${file} belongs to no contract`);
  }
  console.error("contracts: run `npm run artifacts` and commit what changes");
  process.exit(1);
}
for (const file of strays) rmSync(join(committed, file));
console.log(`contracts: ${CONTRACTS.length} artifacts ${check ? "reproduced" : "written"}`);

function compile() {
  const forge = join(root, "node_modules", ".bin", "forge");
  if (!existsSync(forge)) {
    console.error("contracts: forge is missing; run `npm ci` in contracts first");
    process.exit(1);
  }
  try {
    execFileSync(forge, ["build", "--force", "--quiet"], {
      cwd: root,
      env: { ...process.env, FOUNDRY_PROFILE: "artifacts" },
      stdio: ["ignore", "ignore", "inherit"],
    });
  } catch {
    console.error("contracts: src does not compile");
    process.exit(1);
  }
}

function render(name) {
  const path = join(root, "out", "artifacts", `${name}.sol`, `${name}.json`);
  const out = JSON.parse(readFileSync(path, "utf8"));
  for (const code of [out.bytecode, out.deployedBytecode]) {
    if (Object.keys(code.linkReferences ?? {}).length > 0) {
      console.error(`contracts: ${name} wants a library linked`);
      process.exit(1);
    }
  }
  const artifact = {
    contractName: name,
    abi: out.abi,
    bytecode: out.bytecode.object,
    deployedBytecode: out.deployedBytecode.object,
    storageLayout: withoutNumbers(out.storageLayout, name),
  };
  return `${JSON.stringify(sorted(artifact), null, 2)}\n`;
}

// `t_struct(Grant)812_storage` becomes `t_struct(Grant)_storage`, and `astId` goes.
function withoutNumbers(layout, name) {
  const plain = (type) => type.replace(/\((\w+)\)\d+/g, "($1)");
  const member = ({ astId, ...rest }) => ({ ...rest, type: plain(rest.type) });
  const types = {};
  for (const [key, type] of Object.entries(layout.types ?? {})) {
    if (plain(key) in types) {
      console.error(`contracts: ${name} stores two types called ${plain(key)}`);
      process.exit(1);
    }
    types[plain(key)] = Object.fromEntries(
      Object.entries(type).map(([field, value]) => {
        if (field === "members") return [field, value.map(member)];
        return [field, ["base", "key", "value"].includes(field) ? plain(value) : value];
      }),
    );
  }
  return { storage: layout.storage.map(member), types };
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
