// Standard JSON on standard input, standard JSON on standard output. With SOLC_TREES set, syntax trees
// and no code: the static check needs no more, and code is most of the compiler's time.
const { readFileSync, writeSync } = require("node:fs");
const solc = require("solc");

const text = readFileSync(0, "utf8");
let output = Buffer.from(process.env.SOLC_TREES ? trees(text) : solc.compile(text));
while (output.length > 0) {
  output = output.subarray(writeSync(1, output));
}

function trees(text) {
  const input = JSON.parse(text);
  input.settings.outputSelection = { "*": { "*": ["abi", "userdoc", "devdoc"], "": ["ast"] } };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const none = { object: "", sourceMap: "", linkReferences: {}, opcodes: "" };
  for (const contract of Object.values(output.contracts ?? {}).flatMap(Object.values)) {
    contract.evm = { bytecode: none, deployedBytecode: none, methodIdentifiers: {} };
  }
  return JSON.stringify(output);
}
