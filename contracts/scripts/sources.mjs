// Writes the compiler's standard JSON of everything in src, with what it imports, to standard output.

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

const LIBRARY = "@openzeppelin/";
const IMPORT = /^(?:import|\}) [^"]*"([^"]+)";/gm;

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const sources = {};
const waiting = readdirSync(join(root, "src")).map((file) => `src/${file}`);
while (waiting.length > 0) {
  const path = waiting.pop();
  if (sources[path] !== undefined) continue;
  const content = readFileSync(join(root, path), "utf8");
  sources[path] = { content };
  for (const [, name] of content.matchAll(IMPORT)) {
    const library = name.startsWith(LIBRARY);
    waiting.push(library ? `node_modules/${name}` : posix.join(dirname(path), name));
  }
}
const settings = {
  evmVersion: "prague",
  remappings: [`${LIBRARY}=node_modules/${LIBRARY}`],
};
process.stdout.write(JSON.stringify({ language: "Solidity", sources, settings }));
