// Standard JSON on standard input, standard JSON on standard output.
const { readFileSync, writeSync } = require("node:fs");
const solc = require("solc");

let output = Buffer.from(solc.compile(readFileSync(0, "utf8")));
while (output.length > 0) {
  output = output.subarray(writeSync(1, output));
}
